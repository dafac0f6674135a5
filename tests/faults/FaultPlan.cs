using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>Describes a run. Runs of the same plan inflict the same faults on the same targets at the same order counts.</summary>
internal sealed record FaultPlan
{
    public required int Seed { get; init; }

    /// <summary>Gets the number of faults. Each kind is inflicted once, then kinds that are not long are chosen at random.</summary>
    public required int Faults { get; init; }

    public required IReadOnlyList<FaultKind> Kinds { get; init; }

    /// <summary>Gets whether the kinds are shuffled; otherwise they are inflicted in the order of <see cref="Kinds"/>.</summary>
    public bool IsShuffled { get; init; } = true;

    public required LoadOptions Load { get; init; }

    /// <summary>Gets how long orders are placed between two faults, at the rate of <see cref="Load"/>. The actual time varies by 50 %.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the minimum number of orders. The clients continue after the last fault until it is reached.</summary>
    public int Orders { get; init; }

    /// <summary>Gets how long the clients may take after the last fault to reach <see cref="Orders"/>.</summary>
    public TimeSpan OrdersTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets how long the system may take to recover from a fault.</summary>
    public TimeSpan RecoveryTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Gets how long the system may take to become idle.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>
    /// Gets how long nothing may change before the system counts as idle although orders are incomplete. If it is null, the run waits until all
    /// orders are complete, because a sweep can still republish events.
    /// </summary>
    public TimeSpan? QuietPeriod { get; init; }

    /// <summary>Gets whether each consumer must receive at least one duplicate.</summary>
    public bool NeedsDuplicates { get; init; } = true;

    /// <summary>Gets whether events may become dead letters, because a fault makes their handler fail.</summary>
    public bool AllowsDeadLetters { get; init; }

    /// <summary>Gets how long an order may wait for its reservation; null if it is not checked.</summary>
    public TimeSpan? ReservationLimit { get; init; }

    public StackOptions Stack { get; init; } = new();

    /// <summary>
    /// Gets the app whose last instance is stopped at the start, so that a fault can let it join; null for none. The instance is included in
    /// <see cref="StackOptions.Instances"/>.
    /// </summary>
    public string? SpareApp { get; init; }

    public TimeSpan SweepAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the instances that faults can target, and the spare instance.</summary>
    public FaultTargets Targets => new(Stack.Instances, SpareApp);
}
