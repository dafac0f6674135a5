namespace DaprOrders.DaprEmulator.Api;

internal static class HttpBody
{
    // The sidecar reads and discards up to this many bytes of a body that is too large. Otherwise the client would fail while it sends
    // the body and would not read the response.
    private const int MaxDiscardedBytes = 64 << 20;

    /// <summary>Reads the whole body. Returns null if it is larger than <paramref name="limit"/> bytes. A limit of 0 or less means no limit.</summary>
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
            await DiscardAsync(request, cancellationToken);
            return null;
        }
    }

    /// <summary>Reads the rest of the body and discards it.</summary>
    public static async Task DiscardAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var chunk = new byte[16384];
        for (var total = 0; total < MaxDiscardedBytes && await request.Body.ReadAsync(chunk, cancellationToken) is var read and > 0;)
        {
            total += read;
        }
    }
}
