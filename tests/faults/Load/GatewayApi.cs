using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>A response of the gateway.</summary>
/// <param name="Began">When the request was sent, as a timestamp of the monotonic clock.</param>
/// <param name="Ended">When the response was complete.</param>
/// <param name="Status">The HTTP status; 0 if there was no response.</param>
/// <param name="Body">The body; undefined if there was no response or the status is 500 or more.</param>
/// <param name="IsReplayed">Whether the response has the header <c>Idempotency-Replayed</c>.</param>
internal sealed record GatewayResponse(long Began, long Ended, int Status, JsonElement Body = default, bool IsReplayed = false);

/// <summary>Sends requests to the gateway. A failed request is a response without a status, because clients must expect it.</summary>
internal sealed class GatewayApi(Uri gateway, TimeSpan requestTimeout) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        BaseAddress = gateway,
        Timeout = requestTimeout,
    };

    public Task<GatewayResponse> PlaceAsync(SentOrder order)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Content = JsonContent.Create(new { item_id = order.Content.ItemId, quantity = order.Content.Quantity }),
        };
        request.Headers.Add("Idempotency-Key", order.Key);
        return SendAsync(request);
    }

    public Task<GatewayResponse> PlaceBatchAsync(IEnumerable<SentOrder> orders) => SendAsync(new HttpRequestMessage(HttpMethod.Post, "/orders/batch")
    {
        Content = JsonContent.Create(new
        {
            orders = orders.Select(order => new { item_id = order.Content.ItemId, quantity = order.Content.Quantity, idempotency_key = order.Key }),
        }),
    });

    public Task<GatewayResponse> ReadAsync(Guid order, string query = "") => SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/orders/{order}{query}"));

    public Task<GatewayResponse> ListAsync(int limit, string? cursor) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/orders?limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}"));

    public static SeenOrder OrderOf(JsonElement order) => new(
        order.GetProperty("id").GetGuid(),
        new OrderContent(order.GetProperty("item_id").GetString()!, order.GetProperty("quantity").GetInt32()),
        order.GetProperty("status").GetString()!,
        order.TryGetProperty("reason", out var reason) ? reason.GetString() : null,
        order.GetProperty("created_at").GetDateTimeOffset());

    public void Dispose() => _http.Dispose();

    private static async Task<JsonElement> ReadAsync(HttpRequestMessage request, HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{request.Method} {request.RequestUri} responded {response}, with the body '{text}'", e);
        }
    }

    private async Task<GatewayResponse> SendAsync(HttpRequestMessage request)
    {
        var began = Stopwatch.GetTimestamp();
        using (request)
        {
            try
            {
                using var response = await _http.SendAsync(request);
                var status = (int)response.StatusCode;
                var body = status < 500 ? await ReadAsync(request, response) : default;
                return new GatewayResponse(began, Stopwatch.GetTimestamp(), status, body, response.Headers.Contains("Idempotency-Replayed"));
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                return new GatewayResponse(began, Stopwatch.GetTimestamp(), Status: 0);
            }
        }
    }
}
