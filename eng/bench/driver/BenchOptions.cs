using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench;

/// <summary>A part of the benchmark. Each part can be run alone.</summary>
internal enum Part
{
    /// <summary>Compares all systems at 128 and 32 clients, and measures the CPU time of the idle system.</summary>
    Compare,

    /// <summary>Compares the latency, CPU time and context switches of all systems at constant rates.</summary>
    Latency,

    /// <summary>Compares orders that are placed one by one with orders that are placed in batches.</summary>
    Batch,

    /// <summary>Measures few and many items, old rows, random keys, and two instances.</summary>
    Growth,

    /// <summary>Measures what telemetry costs: none, a tenth of the traces, and all traces.</summary>
    Telemetry,

    /// <summary>Measures the time from the start to the first confirmed order.</summary>
    Start,
}

/// <summary>The options of the benchmark.</summary>
internal sealed record BenchOptions
{
    public bool IsQuick { get; init; }

    public required StackSettings Stack { get; init; }

    /// <summary>Gets whether the runtime is still to be chosen: Dapr if it can run here, otherwise the emulator.</summary>
    public bool ChoosesRuntime { get; init; }

    /// <summary>Gets the settings with which the services of the earlier commit start; null if they are not measured.</summary>
    public StackSettings? Baseline { get; init; }

    public required IReadOnlyList<Part> Parts { get; init; }

    /// <summary>Gets the systems that are compared.</summary>
    public required IReadOnlyList<SystemKind> Systems { get; init; }

    /// <summary>Gets the idempotency keys that the clients of the comparison send.</summary>
    public KeyKind Keys { get; init; }

    /// <summary>Gets the number of old orders, reservations and notifications that the growth part inserts.</summary>
    public int Rows { get; init; }

    /// <summary>Gets the folder for results.md, results.json and the charts.</summary>
    public required string Output { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Gets how long a system is loaded before the measurement, because .NET recompiles frequently used code first.</summary>
    public required TimeSpan WarmUp { get; init; }

    public required TimeSpan Load { get; init; }

    /// <summary>Gets how long orders are placed at a constant rate.</summary>
    public required TimeSpan Steady { get; init; }

    /// <summary>Gets the constant rates, in orders per second.</summary>
    public IReadOnlyList<double> Rates { get; init; } = [];

    /// <summary>Gets further rates, as shares of the maximum rate of the system.</summary>
    public IReadOnlyList<double> SharesOfMaximum { get; init; } = [];

    /// <summary>Gets whether to measure although other programs use the machine.</summary>
    public bool IsBesideOtherLoad { get; init; }

    /// <summary>Gets the versions of what is measured.</summary>
    public Versions Versions { get; } = new();
}
