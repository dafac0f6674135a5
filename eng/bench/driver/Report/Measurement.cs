using System.Text.Json.Serialization;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Report;

/// <summary>
/// The figures of one load on one system. Rates are in orders per second, latencies in milliseconds, CPU times in microseconds, memory in bytes.
/// </summary>
internal sealed record Measurement
{
    /// <summary>The share of the CPU time that the load generator may use. Above it, the load generator is part of what is measured.</summary>
    public const double LargestLoadShare = 0.15;

    public required SystemKind System { get; init; }

    /// <summary>Gets the name of the load, for example <c>128 clients</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the number of clients in a closed loop; 0 in an open loop.</summary>
    public required int Clients { get; init; }

    /// <summary>Gets the rate of an open loop; null in a closed loop.</summary>
    public double? Rate { get; init; }

    public required int Orders { get; init; }

    public required double AcceptedPerSecond { get; init; }

    /// <summary>Gets the accepted orders divided by the time from the first request until the last order was confirmed and notified.</summary>
    public required double EndToEndPerSecond { get; init; }

    /// <summary>Gets the number of accepted orders that were not yet settled and notified when the load ended.</summary>
    public required int BacklogAtEnd { get; init; }

    /// <summary>Gets the latencies, by the names in <see cref="Latencies"/>.</summary>
    public required IReadOnlyDictionary<string, Percentiles> Latency { get; init; }

    /// <summary>Gets the CPU time per order, by app id and the names in <see cref="Usage"/>.</summary>
    public required IReadOnlyDictionary<string, double> CpuPerOrder { get; init; }

    /// <summary>Gets the context switches per order, by the same names.</summary>
    public required IReadOnlyDictionary<string, double> SwitchesPerOrder { get; init; }

    public required IReadOnlyDictionary<string, long> PeakRss { get; init; }

    /// <summary>Gets what PostgreSQL counted, per order: bytes of the write-ahead log, transactions, bytes of each table and index.</summary>
    public required IReadOnlyDictionary<string, double> PerOrder { get; init; }

    /// <summary>Gets how many orders or events were handled together.</summary>
    public required IReadOnlyDictionary<string, double> Batches { get; init; }

    /// <summary>Gets the share of the load generator in the CPU time of system and load.</summary>
    public double LoadShare => CpuPerOrder[Usage.Load] / (SystemCpu + CpuPerOrder[Usage.Load]);

    [JsonIgnore]
    public double ServicesCpu => Usage.Services.Sum(appId => CpuPerOrder[appId]);

    [JsonIgnore]
    public double PostgresCpu => CpuPerOrder[Usage.Postgres];

    /// <summary>Gets the CPU time per order of everything but the load generator.</summary>
    [JsonIgnore]
    public double SystemCpu => Usage.OfSystem.Sum(name => CpuPerOrder.GetValueOrDefault(name));
}
