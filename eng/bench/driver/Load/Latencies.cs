namespace DaprOrders.Bench.Load;

/// <summary>Percentiles of measured times, in milliseconds.</summary>
internal sealed record Percentiles(double P50, double P99)
{
    public static Percentiles Of(IReadOnlyCollection<double> milliseconds) =>
        new(Latencies.Percentile(milliseconds, 50), Latencies.Percentile(milliseconds, 99));
}

/// <summary>Calculates latencies from the times of requests and orders.</summary>
internal static class Latencies
{
    /// <summary>From when the request was due until its response. In a closed loop, from when it was sent.</summary>
    public const string Response = "response";

    /// <summary>From when the request was due until the outcome of its order was committed.</summary>
    public const string Settled = "settled";

    /// <summary>From when the request was due until its notification was committed.</summary>
    public const string Notified = "notified";

    /// <summary>From the response until the outcome of the order was committed.</summary>
    public const string AcceptedToSettled = "acceptedToSettled";

    /// <summary>From the response until the notification was committed.</summary>
    public const string AcceptedToNotified = "acceptedToNotified";

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

    /// <summary>Returns the latency of the responses.</summary>
    public static Percentiles OfResponses(IReadOnlyList<AcceptedRequest> requests) =>
        Percentiles.Of([.. requests.Select(request => request.Completed - request.Intended)]);

    /// <summary>Returns the latencies of settlement and notification, from when the request was due and from its response.</summary>
    /// <param name="startedAt">The time from which the times of the requests count.</param>
    public static Dictionary<string, Percentiles> OfOrders(
        DateTimeOffset startedAt, IReadOnlyList<AcceptedRequest> requests, IReadOnlyDictionary<Guid, DateTimeOffset> settled,
        IReadOnlyDictionary<Guid, DateTimeOffset> notified)
    {
        return new Dictionary<string, Percentiles>
        {
            [Settled] = Of(settled, request => request.Intended),
            [Notified] = Of(notified, request => request.Intended),
            [AcceptedToSettled] = Of(settled, request => request.Completed),
            [AcceptedToNotified] = Of(notified, request => request.Completed),
        };

        Percentiles Of(IReadOnlyDictionary<Guid, DateTimeOffset> ends, Func<AcceptedRequest, double> start) => Percentiles.Of(
            [.. requests.Where(request => request.Order is { } order && ends.ContainsKey(order))
                .Select(request => (ends[request.Order!.Value] - startedAt).TotalMilliseconds - start(request))]);
    }
}
