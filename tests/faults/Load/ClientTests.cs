using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>Tests what a client records, with a gateway that always gives the same responses.</summary>
public sealed class ClientTests : IAsyncLifetime
{
    private static readonly Guid OrderId = Guid.CreateVersion7();
    private static readonly SentOrder Order = new("key-1", new OrderContent("item-9", 1));

    private readonly WebApplication _gateway = CreateGateway();
    private readonly Ledger _ledger = new();
    private readonly Queue<int> _statuses = new();

    public async ValueTask InitializeAsync()
    {
        _gateway.MapPost("/orders", (HttpContext context) => _statuses.TryDequeue(out var status) ? Respond(status) : Replay(context));
        await _gateway.StartAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Every_response_is_recorded_in_order()
    {
        _statuses.Enqueue(503);
        _statuses.Enqueue(201);
        using var api = new GatewayApi(new Uri(_gateway.Urls.Single()), TimeSpan.FromSeconds(10));
        var client = new Client("client", api, new LoadOptions(1, 1), _ledger, new Random(1));

        await client.PlaceAsync(Order);
        await client.PlaceAsync(Order);

        var placements = _ledger.Histories.Single().Operations.Cast<Placement>().ToList();
        Assert.Equal([(503, null), (201, OrderId), (201, OrderId)], placements.Select(placement => (placement.Status, placement.OrderId)));
        Assert.Equal([false, false, true], placements.Select(placement => placement.IsReplayed));
        Assert.Equal(Order.Content, placements[1].Order!.Content);
        Assert.All(placements.Zip(placements.Skip(1)), pair => Assert.True(pair.First.Began <= pair.First.Ended && pair.First.Ended <= pair.Second.Began));
        Assert.Equal(Order, _ledger.Sent["key-1"]);
        Assert.Equal(OrderId, _ledger.Acknowledged["key-1"]);
        Assert.Empty(_ledger.Errors);
    }

    [Fact]
    public async Task Rejected_order_is_an_error()
    {
        _statuses.Enqueue(422);
        using var api = new GatewayApi(new Uri(_gateway.Urls.Single()), TimeSpan.FromSeconds(10));

        await new Client("client", api, new LoadOptions(1, 1), _ledger, new Random(1)).PlaceAsync(Order);

        Assert.Contains("A valid order was rejected: 422", Assert.Single(_ledger.Errors), StringComparison.Ordinal);
        Assert.Empty(_ledger.Acknowledged);
    }

    private static IResult Respond(int status) => Results.Json(
        new { id = OrderId, item_id = "item-9", quantity = 1, status = "pending", created_at = DateTimeOffset.UnixEpoch }, statusCode: status);

    private static IResult Replay(HttpContext context)
    {
        context.Response.Headers["Idempotency-Replayed"] = "true";
        return Respond(201);
    }

    private static WebApplication CreateGateway()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }
}
