namespace DaprOrders.DaprEmulator.Api;

internal static class HttpBody
{
    // What is beyond the limit is read and thrown away up to here, so that the client gets to the answer.
    private const int MaxDrained = 64 << 20;

    /// <summary>Reads the whole body; null when it is larger than <paramref name="limit"/> bytes (no limit when that is not positive).</summary>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength is { } length && (limit <= 0 || length <= limit))
        {
            var body = new byte[length];
            await request.Body.ReadExactlyAsync(body, cancellationToken);
            return body;
        }

        using var buffer = new MemoryStream();
        var chunk = new byte[16384];
        var total = 0;
        while (total < MaxDrained && await request.Body.ReadAsync(chunk, cancellationToken) is var read and > 0)
        {
            total += read;
            if (limit <= 0 || total <= limit)
            {
                buffer.Write(chunk, 0, read);
            }
        }

        return limit > 0 && total > limit ? null : buffer.ToArray();
    }

    /// <summary>Reads what is left of a body and throws it away.</summary>
    public static async Task DrainAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var chunk = new byte[16384];
        for (var total = 0; total < MaxDrained && await request.Body.ReadAsync(chunk, cancellationToken) is var read and > 0;)
        {
            total += read;
        }
    }
}
