using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.OrderService.Tests.Orders;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.OrderService.Tests.Settlement;

public sealed class InventoryUpdatedHandlerTests(OrderServiceFixture fixture)
{
    private const string Topic = "inventory.updated";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reservation_confirms_the_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var statuses = await client.DeliverAsync(Topic, Reserved(id));

        Assert.Equal(["SUCCESS"], statuses);
        Assert.Equal("confirmed", (await ReadAsync(client, id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_rejection_rejects_the_order_with_its_reason()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        await client.DeliverAsync(Topic, Rejected(id));

        var order = await ReadAsync(client, id);
        Assert.Equal("rejected", order.GetProperty("status").GetString());
        Assert.Equal("out_of_stock", order.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task The_first_answer_counts_and_a_repeated_or_other_one_changes_nothing()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var statuses = await client.DeliverAsync(Topic, Reserved(id), Reserved(id), Rejected(id));

        Assert.Equal(["SUCCESS", "SUCCESS", "SUCCESS"], statuses);
        Assert.Equal("confirmed", (await ReadAsync(client, id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_answer_to_an_unknown_order_is_acknowledged_and_harms_no_other()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var statuses = await client.DeliverAsync(Topic, Reserved(Guid.NewGuid().ToString()), Reserved(id));

        Assert.Equal(["SUCCESS", "SUCCESS"], statuses);
        Assert.Equal("confirmed", (await ReadAsync(client, id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Waiting_reader_is_answered_as_soon_as_the_order_is_settled()
    {
        var time = new RecordedTimers();
        await using var host = await fixture.StartAsync(time);
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var reading = client.GetFromJsonAsync<JsonElement>($"/orders/{id}?wait=30s", Cancel);
        await Wait.UntilAsync("the reader to wait", () => time.Started.Contains(TimeSpan.FromSeconds(30)));
        var before = time.GetUtcNow();
        await client.DeliverAsync(Topic, Reserved(id));
        await Wait.UntilAsync("the response", () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(25));
            return reading.IsCompleted;
        });

        Assert.Equal("confirmed", (await reading).GetProperty("status").GetString());
        Assert.True(time.GetUtcNow() - before < TimeSpan.FromSeconds(30), "The reader was answered only when its wait was over.");
    }

    [Fact]
    public async Task A_reader_whose_time_is_up_gets_the_pending_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var order = await client.GetFromJsonAsync<JsonElement>($"/orders/{id}?wait=10ms", Cancel);

        Assert.Equal("pending", order.GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_sidecar_is_told_of_a_bulk_subscription_with_a_dead_letter_topic_that_is_heard_raw()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var subscriptions = await client.GetFromJsonAsync<JsonElement>("/dapr/subscribe", Cancel);

        Assert.Equal(
            """
            [{"topic":"inventory.updated","pubsubName":"pubsub","route":"events/inventory.updated","deadLetterTopic":"order.dead","bulkSubscribe":{"enabled":true,"maxMessagesCount":100,"maxAwaitDurationMs":2}},{"topic":"order.dead","pubsubName":"pubsub","route":"events/order.dead","metadata":{"rawPayload":"true"}}]
            """,
            subscriptions.GetRawText());
    }

    private static System.Text.Json.Nodes.JsonObject Reserved(string orderId) => Deliveries.Event(Topic, new
    {
        orderId,
        itemId = "item-123",
        quantity = 1,
        outcome = "reserved",
        reason = (string?)null,
        available = 9,
        occurredAt = DateTimeOffset.UnixEpoch,
    });

    private static System.Text.Json.Nodes.JsonObject Rejected(string orderId) => Deliveries.Event(Topic, new
    {
        orderId,
        itemId = "item-123",
        quantity = 1,
        outcome = "rejected",
        reason = "out_of_stock",
        available = 0,
        occurredAt = DateTimeOffset.UnixEpoch,
    });

    private static Task<JsonElement> ReadAsync(HttpClient client, string id) =>
        client.GetFromJsonAsync<JsonElement>($"/orders/{id}", Cancel);

    /// <summary>A clock that stands still and records how long the timers are that are started.</summary>
    private sealed class RecordedTimers() : FakeTimeProvider(DateTimeOffset.UtcNow)
    {
        public ConcurrentBag<TimeSpan> Started { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Started.Add(dueTime);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
