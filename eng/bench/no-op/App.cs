using System.Buffers;
using System.Text;

namespace DaprOrders.NoOp;

/// <summary>What the four apps have in common: health, counts, and what the sidecar asks.</summary>
internal abstract class App(Sidecar sidecar)
{
    protected Sidecar Sidecar => sidecar;

    /// <summary>Gets the answer to <c>/dapr/subscribe</c>; null for an app that hears nothing.</summary>
    protected virtual byte[]? Subscriptions => null;

    protected virtual long Orders => 0;

    protected virtual long Confirmed => 0;

    protected virtual long Notified => 0;

    public Task HandleAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/healthz/ready":
                return AnswerReadyAsync(http);
            case "/healthz/live":
                return Task.CompletedTask;
            case "/bench/counts":
                return WriteJsonAsync(
                    http, Encoding.UTF8.GetBytes($$"""{"orders":{{Orders}},"confirmed":{{Confirmed}},"notified":{{Notified}}}"""));
            case "/dapr/subscribe" when Subscriptions is { } subscriptions:
                return WriteJsonAsync(http, subscriptions);
            default:
                return WorkAsync(http);
        }
    }

    /// <summary>What this app does and the others do not.</summary>
    protected abstract Task WorkAsync(HttpContext http);

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

    /// <summary>Reads a body into a rented buffer, which the caller gives back.</summary>
    protected static async Task<(byte[] Buffer, int Length)> ReadAsync(HttpRequest request)
    {
        // One more than it should be, so that the last read finds the end and not a full buffer.
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

    /// <summary>The bulk subscription and the dead-letter topic of the real service, as its sidecar hears of them.</summary>
    protected static byte[] Subscribe(string appId, string topic) => Encoding.UTF8.GetBytes(
        $$$"""
        [{"topic":"{{{topic}}}","pubsubName":"pubsub","route":"events/{{{topic}}}","deadLetterTopic":"{{{appId}}}.dead","bulkSubscribe":{"enabled":true,"maxMessagesCount":100,"maxAwaitDurationMs":2}},
         {"topic":"{{{appId}}}.dead","pubsubName":"pubsub","route":"events/{{{appId}}}.dead","metadata":{"rawPayload":"true"}}]
        """);

    /// <summary>Answers SUCCESS for every entry of a bulk delivery.</summary>
    /// <param name="http">The request.</param>
    /// <param name="received">Is told how many entries there are, before they are acknowledged.</param>
    protected static async Task AcknowledgeAsync(HttpContext http, Action<int> received)
    {
        var (delivery, length) = await ReadAsync(http.Request);
        var answer = new ArrayBufferWriter<byte>(256 + (length / 4));
        received(BulkDelivery.Acknowledge(delivery.AsSpan(0, length), answer));
        ArrayPool<byte>.Shared.Return(delivery);
        await WriteJsonAsync(http, answer.WrittenMemory);
    }

    private async Task AnswerReadyAsync(HttpContext http) =>
        http.Response.StatusCode = await sidecar.IsReadyAsync() ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
}
