using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Kills, freezes, adds and restarts processes.</summary>
internal static class ProcessFaults
{
    public static FaultKind KillService(string appId) => new()
    {
        Name = $"kill -9 of {appId}",
        Draw = Draws.InstanceOf(appId, 0.1, 0.8),
        InflictAsync = async (context, parameters) =>
        {
            var instance = context.Instance(parameters.Target);
            await context.Stack.Runtime.SignalAsync(instance, Signal.Kill);
            await Task.Delay(parameters.Duration);
            await context.Stack.Runtime.StartAsync(instance);
        },
    };

    public static FaultKind KillSidecar(string appId) => new()
    {
        Name = $"kill -9 of {appId}'s sidecar",
        Draw = Draws.InstanceOf(appId, 0.1, 0.8),
        InflictAsync = async (context, parameters) =>
        {
            var instance = context.Instance(parameters.Target);
            await context.Stack.Runtime.KillSidecarAsync(instance);
            await Task.Delay(parameters.Duration);
            await context.Stack.Runtime.StartAsync(instance);
        },
    };

    public static readonly FaultKind Freeze = FreezeFor(TimeSpan.FromSeconds(5));

    /// <summary>Freezes an instance for longer than every timeout, while another instance of the app runs.</summary>
    public static readonly FaultKind LongFreeze = FreezeService(TimeSpan.FromSeconds(40), Draws.InstanceWithPeer(40)) with { IsLong = true };

    public static readonly FaultKind LongSidecarFreeze = new()
    {
        Name = "SIGSTOP of a sidecar for 40 s",
        IsLong = true,
        Draw = Draws.InstanceWithPeer(40),
        WhyNot = environment => environment.IsEmulator ? "The sidecars of the emulator are not processes, so one of them cannot be frozen." : null,
        InflictAsync = async (context, parameters) =>
        {
            var instance = context.Instance(parameters.Target);
            var runtime = (DaprRuntime)context.Stack.Runtime;
            runtime.SignalSidecar(instance, Signal.Freeze);
            await Task.Delay(parameters.Duration);
            runtime.SignalSidecar(instance, Signal.Continue);
        },
    };

    /// <summary>Starts the spare instance, waits until it has handled events, and stops it. Both change the partitions of the other instances.</summary>
    public static readonly FaultKind ThirdInstance = new()
    {
        Name = "a third instance joins and leaves",
        Draw = (targets, random) => Draws.Everything(1, 3)(targets, random) with { Target = targets.Spare! },
        InflictAsync = async (context, parameters) =>
        {
            var instance = context.Instance(parameters.Target);
            await context.Stack.Runtime.StartAsync(instance);
            await RecoveryWatch.UntilReadyAsync([instance]);
            var before = context.Proxy.Traffic.EventsHandledBy(instance);
            await Task.Delay(parameters.Duration);
            await Wait.UntilAsync($"{instance} to handle events", () => context.Proxy.Traffic.EventsHandledBy(instance) > before);
            await context.Stack.Runtime.StopAsync(instance);
        },
    };

    /// <summary>Stops and starts every instance with its sidecar, one after the other, as a deployment does.</summary>
    public static readonly FaultKind RollingRestart = new()
    {
        Name = "rolling restart of all services with their sidecars",
        IsLong = true,
        Draw = Draws.Everything(0, 0),
        InflictAsync = async (context, _) =>
        {
            foreach (var instance in context.Running)
            {
                await context.Stack.Runtime.StopAsync(instance);
                await context.Stack.Runtime.StartAsync(instance);
                await RecoveryWatch.UntilReadyAsync([instance]);
            }
        },
    };

    public static FaultKind FreezeFor(TimeSpan duration) => FreezeService(duration, Draws.Instance(duration.TotalSeconds, duration.TotalSeconds));

    private static FaultKind FreezeService(TimeSpan duration, Func<FaultTargets, Random, FaultParameters> draw) => new()
    {
        Name = $"SIGSTOP of a service for {duration.TotalSeconds} s",
        Draw = draw,
        InflictAsync = async (context, parameters) =>
        {
            var instance = context.Instance(parameters.Target);
            await context.Stack.Runtime.SignalAsync(instance, Signal.Freeze);
            await Task.Delay(parameters.Duration);
            await context.Stack.Runtime.SignalAsync(instance, Signal.Continue);
        },
    };
}
