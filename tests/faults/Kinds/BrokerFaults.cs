using DaprOrders.Faults.Tests.Checks;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Kills the broker and makes it unavailable.</summary>
internal static class BrokerFaults
{
    public const string TakesOrders = "orders are taken while the broker is unavailable";
    public const string StaysReady = "the services stay ready while the broker is unavailable";

    private static readonly string[] Publishers = ["order", "inventory"];

    /// <summary>Kills the broker. On the emulator this also kills all sidecars, and the restart replaces the apps.</summary>
    public static readonly FaultKind Kill = new()
    {
        Name = "kill -9 of the broker",
        Draw = Draws.Everything(0.1, 0.8),
        WhyNot = Uncontrolled,
        InflictAsync = async (context, parameters) =>
        {
            await context.Broker.KillAsync();
            await Task.Delay(parameters.Duration);
            await context.Broker.StartAsync();
        },
    };

    /// <summary>Makes the broker unavailable for a minute. Orders must still be taken, and every service must stay ready.</summary>
    public static readonly FaultKind Unavailable = new()
    {
        Name = "broker unavailable for 60 s",
        IsLong = true,
        Draw = Draws.Everything(60, 60),
        WhyNot = Uncontrolled,
        InflictAsync = async (context, parameters) =>
        {
            await context.Broker.SuspendAsync(null);
            await WatchAsync(context, parameters.Duration);
            await context.Broker.ResumeAsync(null);
        },
    };

    /// <summary>Makes the broker unreachable for the sidecars of one app.</summary>
    public static readonly FaultKind Unreachable = new()
    {
        Name = "broker unreachable for one service",
        Draw = Draws.OneOf(Invariants.Consumers, 3, 6),
        WhyNot = Uncontrolled,
        InflictAsync = async (context, parameters) =>
        {
            await context.Broker.SuspendAsync(parameters.Target);
            await Task.Delay(parameters.Duration);
            await context.Broker.ResumeAsync(parameters.Target);
        },
    };

    /// <summary>Starts a sidecar while its broker does not run. The sidecar exits, and the runtime starts it again until the broker responds.</summary>
    public static readonly FaultKind SidecarFirst = new()
    {
        Name = "sidecar started before its broker",
        IsLong = true,
        Draw = (targets, random) => Draws.InstanceOf(FaultTargets.Choose(Publishers, random), 5, 10)(targets, random),
        WhyNot = environment => environment.IsEmulator ? "The emulator starts its broker and its sidecars in one process." : Uncontrolled(environment),
        InflictAsync = async (context, parameters) =>
        {
            var instance = context.Instance(parameters.Target);
            await context.Broker.KillAsync();
            await context.Stack.Runtime.KillSidecarAsync(instance);
            await context.Stack.Runtime.StartAsync(instance);
            await Task.Delay(parameters.Duration);
            await context.Broker.StartAsync();
        },
    };

    private static string? Uncontrolled(FaultEnvironment environment) => environment.ControlsBroker ? null : UncontrolledBroker.Reason;

    private static async Task WatchAsync(FaultContext context, TimeSpan duration)
    {
        var orders = RecoveryWatch.CountOrders(context.Ledger);
        var end = TimeProvider.System.GetUtcNow() + duration;
        var notReady = new HashSet<string>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (TimeProvider.System.GetUtcNow() < end)
        {
            await timer.WaitForNextTickAsync();
            foreach (var instance in context.Running)
            {
                var (status, failing) = await RecoveryWatch.ReadHealthAsync(instance);
                if (status != 200 && notReady.Add($"{instance}"))
                {
                    context.Violations.Enqueue(new Violation(StaysReady, $"{instance}: {status} {string.Join(", ", failing)}"));
                }
            }
        }

        var taken = RecoveryWatch.CountOrders(context.Ledger) - orders;
        if (taken < duration.TotalSeconds)
        {
            context.Violations.Enqueue(new Violation(TakesOrders, $"only {taken} orders in {duration.TotalSeconds:0} s"));
        }
    }
}
