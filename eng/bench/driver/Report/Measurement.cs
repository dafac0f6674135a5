using System.Text.Json.Serialization;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Report;

/// <summary>
/// The figures of one load on one system. Rates are in orders per second, latencies in milliseconds, CPU times in microseconds, memory in bytes.
/// </summary>
internal sealed record Measurement
{
    public required SystemKind System { get; init; }

    /// <summary>Gets the name of the load, for example <c>128 clients</c>.</summary>
    public required string Name { get; init; }

    public required int Clients { get; init; }

    public required int Orders { get; init; }

    public required double AcceptedPerSecond { get; init; }

    /// <summary>Gets the accepted orders divided by the time from the first request until the last order was confirmed and notified.</summary>
    public required double EndToEndPerSecond { get; init; }

    /// <summary>Gets the number of accepted orders that were not yet settled and notified when the load ended.</summary>
    public required int BacklogAtEnd { get; init; }

    public required double PostP50 { get; init; }

    public required double PostP99 { get; init; }

    /// <summary>Gets the CPU time per order, by app id and the names in <see cref="Usage"/>.</summary>
    public required IReadOnlyDictionary<string, double> CpuPerOrder { get; init; }

    public required IReadOnlyDictionary<string, long> PeakRss { get; init; }

    [JsonIgnore]
    public double ServicesCpu => Usage.Services.Sum(appId => CpuPerOrder[appId]);

    [JsonIgnore]
    public double PostgresCpu => CpuPerOrder[Usage.Postgres];

    /// <summary>Returns the median of each figure over the rounds, because other load on the machine may affect a round, and the highest peak RSS.</summary>
    public static Measurement Median(IReadOnlyList<Measurement> rounds) => rounds[0] with
    {
        Orders = (int)Middle(rounds, round => round.Orders),
        AcceptedPerSecond = Middle(rounds, round => round.AcceptedPerSecond),
        EndToEndPerSecond = Middle(rounds, round => round.EndToEndPerSecond),
        BacklogAtEnd = (int)Middle(rounds, round => round.BacklogAtEnd),
        PostP50 = Middle(rounds, round => round.PostP50),
        PostP99 = Middle(rounds, round => round.PostP99),
        CpuPerOrder = rounds[0].CpuPerOrder.Keys.ToDictionary(name => name, name => Middle(rounds, round => round.CpuPerOrder[name])),
        PeakRss = rounds[0].PeakRss.Keys.ToDictionary(name => name, name => rounds.Max(round => round.PeakRss[name])),
    };

    private static double Middle(IReadOnlyList<Measurement> rounds, Func<Measurement, double> figure)
    {
        var sorted = rounds.Select(figure).Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}

/// <summary>The time from the response to the committed notification, in milliseconds, at a constant and low rate.</summary>
internal sealed record Steady(SystemKind System, int PerSecond, int Orders, double P50, double P99);
