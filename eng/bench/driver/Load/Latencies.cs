namespace DaprOrders.Bench.Load;

/// <summary>Calculates percentiles of measured times.</summary>
internal static class Latencies
{
    /// <summary>Returns the percentile by the nearest-rank method; 0 if there are no times.</summary>
    /// <param name="milliseconds">The times.</param>
    /// <param name="percentile">The percentile, greater than 0 and at most 100.</param>
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
