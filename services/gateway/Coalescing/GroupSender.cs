using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;
using Polly.Timeout;

namespace DaprOrders.Gateway.Coalescing;

/// <summary>Sends orders in one call, and gives each its result.</summary>
internal sealed partial class GroupSender(CoalescingMetrics metrics, ILogger<GroupSender> logger)
{
    public const string SourceName = "DaprOrders.Gateway";

    private const string SidecarHeader = "dapr-api-token";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Owners and keys are visible ASCII, so no character needs more than two bytes.</summary>
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>
    /// Sends the orders. An unknown outcome and an overload are retried by the client, with the same keys and as the same group, until the time of the
    /// orders is over. Only if the service has refused the group itself, it is divided in halves, down to single orders: one of them may be the cause.
    /// </summary>
    /// <returns>False if the order service has no route for groups. Then some of the orders still wait.</returns>
    public async Task<bool> TrySendAsync(IReadOnlyList<QueuedOrder> orders)
    {
        UpstreamFailure failure;
        using (var span = Source.StartActivity("place orders", ActivityKind.Client, parentContext: default, links: LinksTo(orders)))
        {
            using var request = CreateRequest(orders);
            try
            {
                using var response = await orders[0].SendAsync(request, CancellationToken.None);
                if (response.StatusCode is HttpStatusCode.OK && await TryCompleteAsync(orders, response))
                {
                    LogPlaced(orders.Count);
                    return true;
                }

                failure = new UpstreamFailure($"the service responded {(int)response.StatusCode} to the group", Received: response.StatusCode);
            }
            catch (Exception e) when (e is UpstreamException or TimeoutRejectedException)
            {
                failure = AttemptHandler.LogOf(request).Failure ?? UpstreamFailure.Of(e);
            }
            catch (Exception e)
            {
                LogFailed(e, orders.Count);
                failure = new UpstreamFailure(e.Message);
            }

            span?.SetStatus(ActivityStatusCode.Error);
        }

        if (failure.IsTransient)
        {
            Complete(orders, new Turn(Failure: failure));
            return true;
        }

        if (failure.Received is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed)
        {
            LogMissing();
            return false;
        }

        LogRefused(orders.Count, failure.Reason);
        return await TrySendHalvesAsync(orders, failure);
    }

    private async Task<bool> TrySendHalvesAsync(IReadOnlyList<QueuedOrder> orders, UpstreamFailure failure)
    {
        var half = orders.Count / 2;
        var found = await Task.WhenAll(TrySendPartAsync([.. orders.Take(half)], failure), TrySendPartAsync([.. orders.Skip(half)], failure));
        return found.All(isFound => isFound);
    }

    private async Task<bool> TrySendPartAsync(IReadOnlyList<QueuedOrder> orders, UpstreamFailure failure)
    {
        metrics.Called(orders.Count);
        if (orders.Count > 1)
        {
            return await TrySendAsync(orders);
        }

        Complete(orders, new Turn(Failure: failure, GoesAlone: true));
        return true;
    }

    private static HttpRequestMessage CreateRequest(IReadOnlyList<QueuedOrder> orders)
    {
        var first = orders[0].Request;
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(first.RequestUri!, "orders/group"));
        request.Content = new ByteArrayContent(Write(orders)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        request.Options.Set(InvocationExtensions.RemainingTime, orders.Max(order => order.RemainingTime));
        if (first.Headers.TryGetValues(SidecarHeader, out var tokens))
        {
            request.Headers.Add(SidecarHeader, tokens);
        }

        if (orders.FirstOrDefault(order => order.Owner is not null) is { } owned)
        {
            // With any owner in this header, the order service checks that the gateway has sent the request. Each order contains its own owner.
            request.Headers.Add(Owner.Header, owned.Owner);
        }

        var attempts = AttemptHandler.LogOf(request);
        foreach (var order in orders)
        {
            order.Attempts = attempts;
        }

        return request;
    }

    private static byte[] Write(IReadOnlyList<QueuedOrder> orders)
    {
        using var body = new MemoryStream(256 * orders.Count);
        using (var json = new Utf8JsonWriter(body, Json))
        {
            json.WriteStartObject();
            json.WriteStartArray("orders"u8);
            foreach (var order in orders)
            {
                json.WriteStartObject();
                json.WriteString("item_id"u8, order.ItemId);
                json.WriteNumber("quantity"u8, order.Quantity);
                json.WriteString("idempotency_key"u8, order.Key);
                WriteOptional(json, "owner"u8, order.Owner);
                WriteOptional(json, "traceparent"u8, order.TraceParent);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static void WriteOptional(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    /// <summary>Gives each order its result. Returns false if the response does not have one for each.</summary>
    private static async Task<bool> TryCompleteAsync(IReadOnlyList<QueuedOrder> orders, HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        if (document.RootElement.ValueKind is not JsonValueKind.Object
            || !document.RootElement.TryGetProperty("results", out var results)
            || results.ValueKind is not JsonValueKind.Array
            || results.GetArrayLength() != orders.Count)
        {
            return false;
        }

        var i = 0;
        foreach (var result in results.EnumerateArray())
        {
            var order = orders[i++];
            order.TryComplete(ReadPlaced(order, result) is { } placed
                ? new Turn(placed)
                : new Turn(Failure: new UpstreamFailure("the service did not place the order with its group"), GoesAlone: true));
        }

        return true;
    }

    /// <summary>Returns the response that the order would have got alone; null if the result is not this order.</summary>
    private static HttpResponseMessage? ReadPlaced(QueuedOrder wanted, JsonElement result)
    {
        if (result.ValueKind is not JsonValueKind.Object
            || !result.TryGetProperty("status", out var status) || status.ValueKind is not JsonValueKind.Number
            || !status.TryGetInt32(out var code) || code is not StatusCodes.Status201Created
            || !result.TryGetProperty("order", out var order) || order.ValueKind is not JsonValueKind.Object
            || !order.TryGetProperty("id", out var id) || id.ValueKind is not JsonValueKind.String || !id.TryGetGuid(out _)
            || !order.TryGetProperty("item_id", out var itemId) || itemId.ValueKind is not JsonValueKind.String || !itemId.ValueEquals(wanted.ItemId)
            || !order.TryGetProperty("quantity", out var quantity) || quantity.ValueKind is not JsonValueKind.Number
            || !quantity.TryGetInt32(out var units) || units != wanted.Quantity)
        {
            return null;
        }

        var response = new HttpResponseMessage(HttpStatusCode.Created)
        {
            Content = new ByteArrayContent(JsonMarshal.GetRawUtf8Value(order).ToArray())
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json", "utf-8") },
            },
        };
        response.Headers.TryAddWithoutValidation("Location", $"/orders/{id.GetString()}");
        if (result.TryGetProperty("replayed", out var replayed) && replayed.ValueKind is JsonValueKind.True)
        {
            response.Headers.TryAddWithoutValidation(IdempotencyKey.ReplayedHeader, "true");
        }

        return response;
    }

    private static void Complete(IReadOnlyList<QueuedOrder> orders, Turn turn)
    {
        foreach (var order in orders)
        {
            order.TryComplete(turn);
        }
    }

    private static IEnumerable<ActivityLink>? LinksTo(IReadOnlyList<QueuedOrder> orders) => Source.HasListeners()
        ? orders.Where(order => order.Trace != default).Select(order => new ActivityLink(order.Trace))
        : null;

    [LoggerMessage(LogLevel.Information, "Placed {Count} orders in one call")]
    private partial void LogPlaced(int count);

    [LoggerMessage(LogLevel.Warning, "The order service refused {Count} orders in one call, sending them in halves: {Reason}")]
    private partial void LogRefused(int count, string reason);

    [LoggerMessage(LogLevel.Warning, "The order service has no route for several orders, sending each order alone for a minute")]
    private partial void LogMissing();

    [LoggerMessage(LogLevel.Error, "Could not send {Count} orders in one call, sending them in halves")]
    private partial void LogFailed(Exception exception, int count);
}
