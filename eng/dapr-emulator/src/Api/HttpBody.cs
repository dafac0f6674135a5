namespace DaprOrders.DaprEmulator.Api;

internal static class HttpBody
{
    // The rest of a body that is too large is read and discarded up to here, so that the client reads the response.
    private const int MaxDrained = 64 << 20;

    /// <summary>Reads the whole body; null when it is larger than <paramref name="limit"/> bytes (0 or less: no limit).</summary>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength is { } length && (limit <= 0 || length <= limit))
        {
            var body = new byte[length];
            await request.Body.ReadExactlyAsync(body, cancellationToken);
            return body;
        }

        using var buffer = new MemoryStream();
        try
        {
            await new LimitedStream(request.Body, limit).CopyToAsync(buffer, cancellationToken);
            return buffer.ToArray();
        }
        catch (BodyTooLargeException)
        {
            await DrainAsync(request, cancellationToken);
            return null;
        }
    }

    /// <summary>Reads the rest of a body and discards it.</summary>
    public static async Task DrainAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var chunk = new byte[16384];
        for (var total = 0; total < MaxDrained && await request.Body.ReadAsync(chunk, cancellationToken) is var read and > 0;)
        {
            total += read;
        }
    }
}
