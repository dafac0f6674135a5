namespace DaprOrders.Bench.Report;

/// <summary>The charts of the results, as SVG documents by file name.</summary>
internal static class Charts
{
    public static IEnumerable<(string Name, string Svg)> Of(Results results)
    {
        if (results.Comparison.Count > 0)
        {
            yield return ("throughput", ThroughputChart.Of(results));
            yield return ("cpu", CpuChart.Of(results));
        }

        if (results.Latency.Count > 0)
        {
            yield return ("latency", LatencyChart.Of(results));
        }

        if (results.Batch.Count > 0)
        {
            yield return ("batch", BatchChart.Of(results));
        }
    }
}
