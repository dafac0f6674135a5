using DaprOrders.Bench.Load;

namespace DaprOrders.Bench.Report;

/// <summary>The rounds of one load on one system: the median, minimum and maximum of each figure, because other load may affect a round.</summary>
internal sealed record Summary(int Rounds, Measurement Median, Measurement Minimum, Measurement Maximum)
{
    public static Summary Of(IReadOnlyList<Measurement> rounds) =>
        new(rounds.Count, Merge(rounds, Middle), Merge(rounds, values => values.Min()), Merge(rounds, values => values.Max()));

    /// <summary>Summarizes the rounds of each system and load, in the order of the systems.</summary>
    public static IEnumerable<Summary> OfEach(IEnumerable<Measurement> measured) => measured
        .GroupBy(measurement => (measurement.System, measurement.Name)).Select(rounds => Of([.. rounds])).OrderBy(summary => summary.Median.System);

    private static Measurement Merge(IReadOnlyList<Measurement> rounds, Func<IReadOnlyList<double>, double> pick)
    {
        return rounds[0] with
        {
            Rate = rounds[0].Rate is null ? null : Of(round => round.Rate ?? 0),
            Orders = (int)Of(round => round.Orders),
            AcceptedPerSecond = Of(round => round.AcceptedPerSecond),
            EndToEndPerSecond = Of(round => round.EndToEndPerSecond),
            BacklogAtEnd = (int)Of(round => round.BacklogAtEnd),
            Latency = rounds[0].Latency.Keys.ToDictionary(
                name => name, name => new Percentiles(Of(round => round.Latency[name].P50), Of(round => round.Latency[name].P99))),
            CpuPerOrder = Each(round => round.CpuPerOrder),
            SwitchesPerOrder = Each(round => round.SwitchesPerOrder),
            PeakRss = Each(round => round.PeakRss.ToDictionary(peak => peak.Key, peak => (double)peak.Value)).ToDictionary(peak => peak.Key, peak => (long)peak.Value),
            PerOrder = Each(round => round.PerOrder),
            Batches = Each(round => round.Batches),
        };

        double Of(Func<Measurement, double> figure) => pick([.. rounds.Select(figure)]);

        Dictionary<string, double> Each(Func<Measurement, IReadOnlyDictionary<string, double>> figures) =>
            rounds.SelectMany(figures).GroupBy(figure => figure.Key).ToDictionary(same => same.Key, same => pick([.. same.Select(figure => figure.Value)]));
    }

    private static double Middle(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
