using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>A kind of fault.</summary>
internal sealed record FaultKind
{
    public required string Name { get; init; }

    /// <summary>Gets the function that chooses the target and the duration before the run.</summary>
    public required Func<FaultTargets, Random, FaultParameters> Draw { get; init; }

    /// <summary>Gets the function that inflicts the fault and then repairs the system.</summary>
    public required Func<FaultContext, FaultParameters, Task> InflictAsync { get; init; }

    /// <summary>Gets whether the fault takes so long that a run inflicts it only once.</summary>
    public bool IsLong { get; init; }

    /// <summary>Gets the function that returns why the fault is impossible in an environment; null if it is possible.</summary>
    public Func<FaultEnvironment, string?> WhyNot { get; init; } = _ => null;

    public override string ToString() => Name;
}

/// <summary>What a fault affects, and for how long.</summary>
/// <param name="Target">An instance like <c>order/2</c>, an app id, a database, or <c>all</c>.</param>
internal sealed record FaultParameters(string Target, TimeSpan Duration);

/// <summary>The runtime, broker and rights of a run.</summary>
/// <param name="CanMount">Whether the test can mount a small disk, which requires root.</param>
/// <param name="ControlsBroker">Whether the test starts the broker, so that it can stop it.</param>
/// <param name="HasSources">Whether the sources are here, which a rolling upgrade compiles.</param>
internal sealed record FaultEnvironment(RuntimeKind Runtime, string Broker, bool CanMount = true, bool ControlsBroker = true, bool HasSources = true)
{
    public const string AnyBroker = "any";

    /// <summary>Gets the environments that differ in the faults that are possible. All brokers of the emulator are the same built-in broker.</summary>
    public static IReadOnlyList<FaultEnvironment> All { get; } =
    [
        new(RuntimeKind.Emulator, AnyBroker), new(RuntimeKind.Dapr, "kafka"), new(RuntimeKind.Dapr, "redis"), new(RuntimeKind.Dapr, "rabbitmq"),
    ];

    public bool IsEmulator => Runtime is RuntimeKind.Emulator;

    public override string ToString() => IsEmulator ? "emulator" : $"Dapr, {Broker}";

    public static FaultEnvironment Current()
    {
        var settings = StackSettings.FromEnvironment();
        return new FaultEnvironment(
            settings.Runtime, settings.Broker, Environment.IsPrivilegedProcess, ControlsBroker: settings.Runtime is RuntimeKind.Emulator || BrokerPrograms.Reason(settings.Broker) is null,
            Repository.IsHere);
    }
}

/// <summary>The instances that faults can target. It contains no ports, so it is the same in every run.</summary>
/// <param name="instances">The number of instances by app id; one by default.</param>
/// <param name="spareApp">The app whose last instance is stopped at the start; null for none.</param>
internal sealed class FaultTargets(IReadOnlyDictionary<string, int> instances, string? spareApp)
{
    public static readonly IReadOnlyList<string> Apps = ["gateway", "order", "inventory", "notification"];

    /// <summary>Gets the instances that run during the whole run.</summary>
    public IReadOnlyList<string> Running { get; } =
    [
        .. Apps.SelectMany(app => Enumerable.Range(1, instances.GetValueOrDefault(app, 1) - (app == spareApp ? 1 : 0)).Select(number => $"{app}/{number}")),
    ];

    /// <summary>Gets the instance that is stopped at the start; null if there is none.</summary>
    public string? Spare => spareApp is null ? null : $"{spareApp}/{instances[spareApp]}";

    /// <summary>Chooses an instance of an app.</summary>
    public string AnyOf(string appId, Random random) => Choose(Running.Where(name => AppOf(name) == appId), random);

    public string Any(Random random) => Choose(Running, random);

    /// <summary>Chooses an instance of an app that has another instance.</summary>
    public string AnyWithPeer(Random random) => Choose(Running.Where(name => Running.Count(other => AppOf(other) == AppOf(name)) > 1), random);

    public static string AppOf(string name) => name.Split('/')[0];

    public static T Choose<T>(IEnumerable<T> values, Random random)
    {
        var list = values.ToList();
        return list[random.Next(list.Count)];
    }
}
