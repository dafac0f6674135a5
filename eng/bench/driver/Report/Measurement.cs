using System.Text.Json.Serialization;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Report;

/// <summary>One load on one system. Rates are orders a second, latencies milliseconds, CPU microseconds, memory bytes.</summary>
internal sealed record Measurement
{
    public required SystemKind System { get; init; }

    /// <summary>Gets what was varied, for example <c>128 clients</c>.</summary>
    public required string Name { get; init; }

    public required int Clients { get; init; }

    public required int Orders { get; init; }

    public required double AcceptedPerSecond { get; init; }

    /// <summary>Gets orders by the time from the first request until the last order was confirmed and notified.</summary>
    public required double EndToEndPerSecond { get; init; }

    /// <summary>Gets how many orders were accepted but not yet both settled and notified when the load ended.</summary>
    public required int BacklogAtEnd { get; init; }

    public required double PostP50 { get; init; }

    public required double PostP99 { get; init; }

    /// <summary>Gets CPU per order, by app id and the names of <see cref="Usage"/>.</summary>
    public required IReadOnlyDictionary<string, double> CpuPerOrder { get; init; }

    public required IReadOnlyDictionary<string, long> PeakRss { get; init; }

    [JsonIgnore]
    public double ServicesCpu => Usage.Services.Sum(appId => CpuPerOrder[appId]);

    [JsonIgnore]
    public double PostgresCpu => CpuPerOrder[Usage.Postgres];

    /// <summary>The median of each figure over the rounds, since one round may have met something else on the machine.</summary>
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

/// <summary>From the answer to the committed notification, in milliseconds, at a load that tires nobody.</summary>
internal sealed record Steady(SystemKind System, int PerSecond, int Orders, double P50, double P99);
