using System.Globalization;
using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>A fault that was inflicted, what it hit, and how long the recovery took.</summary>
/// <param name="Fault">The fault as scheduled.</param>
/// <param name="AtOrders">The number of acknowledged orders when it was inflicted, counted as in the schedule.</param>
/// <param name="Hit">What was in flight when it was inflicted.</param>
/// <param name="Duplicates">The number of events that were handled again from the start of the fault to the recovery.</param>
/// <param name="LostEvents">The number of accepted events that the fault removed.</param>
/// <param name="Duration">The time from the start of the fault to the end of its repair.</param>
/// <param name="Recovery">The time after the repair.</param>
internal sealed record InflictedFault(
    ScheduledFault Fault, int AtOrders, InFlight Hit, int Duplicates, int LostEvents, TimeSpan Duration, Recovery Recovery)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Fault}: inflicted at {AtOrders} for {Duration.TotalSeconds:0.0} s, hit {Hit}; {Duplicates} events handled again, {LostEvents} lost; recovered: {Recovery}");
}

/// <summary>What was in flight at one moment.</summary>
/// <param name="Requests">The number of orders and batches that clients were placing.</param>
/// <param name="PendingOrders">The number of orders without a reservation.</param>
/// <param name="Events">The number of events in the outbox of order.</param>
internal sealed record InFlight(long Requests, long PendingOrders, long Events)
{
    /// <summary>Gets whether an order was in flight. A fault that hits no order proves nothing.</summary>
    public bool HasOrders => Requests > 0 || PendingOrders > 0;

    public override string ToString() => $"{Requests} requests, {PendingOrders} pending orders, {Events} events in the outbox";
}

/// <summary>How long the system needed after a fault was repaired.</summary>
/// <param name="FirstOrder">The time until a client's order was acknowledged.</param>
/// <param name="Ready">The time until every instance was ready.</param>
internal sealed record Recovery(TimeSpan FirstOrder, TimeSpan Ready)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"first order after {FirstOrder.TotalSeconds:0.0} s, ready after {Ready.TotalSeconds:0.0} s");
}

/// <summary>The result of a run.</summary>
internal sealed record FaultRunResult
{
    public required int Seed { get; init; }

    public required RuntimeKind Runtime { get; init; }

    public required string Broker { get; init; }

    /// <summary>Gets the versions of the runtime, the broker, PostgreSQL and .NET.</summary>
    public required string Versions { get; init; }

    public required string ScheduleHash { get; init; }

    /// <summary>Gets the faults in the order in which they were inflicted.</summary>
    public required IReadOnlyList<InflictedFault> Faults { get; init; }

    public required int Orders { get; init; }

    public required IReadOnlyDictionary<string, int> Duplicates { get; init; }

    public required int LostEvents { get; init; }

    /// <summary>Gets the number of orders and lists that clients read. Without them the histories prove nothing.</summary>
    public (int Orders, int Lists) Reads { get; init; }

    public required IReadOnlyList<Violation> Violations { get; init; }

    /// <summary>Gets the instances that subscribe to events but handled none.</summary>
    public IReadOnlyList<AppInstance> IdleConsumers { get; init; } = [];

    public required TimeSpan TimeToIdle { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Gets the number of faults of each kind.</summary>
    public IReadOnlyDictionary<string, int> FaultsByKind => Faults.GroupBy(fault => fault.Fault.Kind.Name).ToDictionary(kind => kind.Key, kind => kind.Count());

    /// <summary>Gets the kinds that hit no order in flight.</summary>
    public IReadOnlyList<string> KindsWithoutHit =>
        [.. Faults.GroupBy(fault => fault.Fault.Kind.Name).Where(kind => !kind.Any(fault => fault.Hit.HasOrders)).Select(kind => kind.Key)];

    public override string ToString() =>
        $"seed {Seed} on {Runtime} with {Broker}, schedule {ScheduleHash}: {Faults.Count} faults, {Orders} orders, {Duplicates.Values.Sum()} duplicates, "
        + $"{LostEvents} events lost, {Reads.Orders} orders and {Reads.Lists} lists read, {Violations.Count} violations, {TimeToIdle.TotalSeconds:F0} s until idle, {Duration.TotalSeconds:F0} s in total"
        + string.Concat(Violations.Select(violation => $"\n  {violation}"));
}
