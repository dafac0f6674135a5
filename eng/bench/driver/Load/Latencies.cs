namespace DaprOrders.Bench.Load;

/// <summary>Percentiles of measured times, by the nearest rank.</summary>
internal static class Latencies
{
    /// <param name="milliseconds">The times; 0 is given where there are none.</param>
    /// <param name="percentile">Above 0, up to 100.</param>
    public static double Percentile(IReadOnlyCollection<double> milliseconds, double percentile)
    {
        if (milliseconds.Count == 0)
        {
            return 0;
        }

        var sorted = milliseconds.Order().ToArray();
        return sorted[(int)Math.Ceiling(percentile / 100 * sorted.Length) - 1];
    }
}
