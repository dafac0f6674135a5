using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DaprOrders.NoOp;

/// <summary>The base of the four apps: health, counts, subscriptions.</summary>
internal abstract class App(Sidecar sidecar)
{
    protected Sidecar Sidecar => sidecar;

    /// <summary>Gets the response to <c>/dapr/subscribe</c>; null for an app without subscriptions.</summary>
    protected virtual byte[]? Subscriptions => null;

    /// <summary>Gets the times at which the events arrived that end an order in this app.</summary>
    protected ArrivalTimes Times { get; } = new(1_000_000);

    protected virtual long Orders => 0;

    protected virtual long Confirmed => 0;

    protected virtual long Notified => 0;

    public Task HandleAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/healthz/ready":
                return WriteReadinessAsync(http);
            case "/healthz/live":
                return Task.CompletedTask;
            case "/bench/counts":
                return WriteJsonAsync(
                    http, Encoding.UTF8.GetBytes($$"""{"orders":{{Orders}},"confirmed":{{Confirmed}},"notified":{{Notified}}}"""));
            case "/bench/times":
                return WriteJsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(Times.Since(Parse(http.Request.Query["since"]))));
            case "/dapr/subscribe" when Subscriptions is { } subscriptions:
                return WriteJsonAsync(http, subscriptions);
            default:
                return HandleOwnAsync(http);
        }
    }

    /// <summary>Handles the routes that only this app has.</summary>
    protected abstract Task HandleOwnAsync(HttpContext http);

    protected static Task NotFoundAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    protected static Task WriteJsonAsync(HttpContext http, ReadOnlyMemory<byte> json)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = json.Length;
        return http.Response.Body.WriteAsync(json).AsTask();
    }

    /// <summary>Reads a body into a rented buffer, which the caller must return.</summary>
    protected static async Task<(byte[] Buffer, int Length)> ReadAsync(HttpRequest request)
    {
        // One byte longer than the body, so that the last read finds the end instead of a full buffer.
        var buffer = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 4095) + 1);
        var length = 0;
        while (await request.Body.ReadAsync(buffer.AsMemory(length)) is > 0 and var read)
        {
            length += read;
            if (length == buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(2 * length);
                buffer.CopyTo(larger, 0);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
        }

        return (buffer, length);
    }

    /// <summary>Returns the same subscriptions as the real service: a bulk subscription and the dead-letter topic.</summary>
    protected static byte[] Subscribe(string appId, string topic) => Encoding.UTF8.GetBytes(
        $$$"""
        [{"topic":"{{{topic}}}","pubsubName":"pubsub","route":"events/{{{topic}}}","deadLetterTopic":"{{{appId}}}.dead","bulkSubscribe":{"enabled":true,"maxMessagesCount":100,"maxAwaitDurationMs":2}},
         {"topic":"{{{appId}}}.dead","pubsubName":"pubsub","route":"events/{{{appId}}}.dead","metadata":{"rawPayload":"true"}}]
        """);

    /// <summary>Acknowledges every entry of a bulk delivery.</summary>
    /// <param name="received">Receives the number of entries before they are acknowledged.</param>
    protected static async Task AcknowledgeAsync(HttpContext http, Action<int> received)
    {
        var (delivery, length) = await ReadAsync(http.Request);
        var response = new ArrayBufferWriter<byte>(256 + (length / 4));
        received(BulkDelivery.Acknowledge(delivery.AsSpan(0, length), response));
        ArrayPool<byte>.Shared.Return(delivery);
        await WriteJsonAsync(http, response.WrittenMemory);
    }

    private static long Parse(string? number) => long.TryParse(number, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private async Task WriteReadinessAsync(HttpContext http) =>
        http.Response.StatusCode = await sidecar.IsReadyAsync() ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
}
