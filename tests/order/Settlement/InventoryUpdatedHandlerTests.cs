using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.OrderService.Orders;
using DaprOrders.OrderService.Tests.Orders;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace DaprOrders.OrderService.Tests.Settlement;

public sealed class InventoryUpdatedHandlerTests(OrderServiceFixture fixture)
{
    private const string Topic = "inventory.updated";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reserved_stock_confirms_the_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var statuses = await client.DeliverAsync(Topic, Reserved(id));

        Assert.Equal(["SUCCESS"], statuses);
        Assert.Equal("confirmed", (await ReadAsync(client, id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Rejection_rejects_the_order_with_its_reason()
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
    public async Task Settled_orders_are_counted_by_outcome_and_their_time_is_measured()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        using var settled = new MetricCollector<long>(meters, OrderMetrics.MeterName, "orders.settled");
        using var durations = new MetricCollector<double>(meters, OrderMetrics.MeterName, "orders.accepted_to_settled");
        var (first, second) = (await PlaceOrderTests.PlaceAsync(client), await PlaceOrderTests.PlaceAsync(client));

        await client.DeliverAsync(Topic, Reserved(first), Reserved(first), Rejected(second));
        await client.DeliverAsync(Topic, Reserved(first));

        Assert.Equal(["confirmed", "rejected"], settled.GetMeasurementSnapshot().Select(order => (string?)order.Tags["outcome"]).Order());
        Assert.All(durations.GetMeasurementSnapshot(), duration => Assert.InRange(duration.Value, 0, 60));
        Assert.Equal(2, durations.GetMeasurementSnapshot().Count);
    }

    [Fact]
    public async Task Repeated_outcome_is_acknowledged_without_a_warning()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var together = await client.DeliverAsync(Topic, Reserved(id), Reserved(id));
        var later = await client.DeliverAsync(Topic, Reserved(id));

        Assert.All(together.Concat(later), status => Assert.Equal("SUCCESS", status));
        Assert.Empty(IgnoredOutcomes(host));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Outcome_that_contradicts_a_settled_order_is_logged_and_ignored(bool isOneBatch)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var statuses = isOneBatch
            ? await client.DeliverAsync(Topic, Reserved(id), Rejected(id))
            : [.. await client.DeliverAsync(Topic, Reserved(id)), .. await client.DeliverAsync(Topic, Rejected(id))];

        Assert.Equal(["SUCCESS", "SUCCESS"], statuses);
        Assert.Equal("confirmed", (await ReadAsync(client, id)).GetProperty("status").GetString());
        Assert.Equal($"Ignored the outcome Rejected for order {id}, which is already Confirmed", Assert.Single(IgnoredOutcomes(host)));
    }

    [Fact]
    public async Task Two_instances_that_settle_an_order_differently_leave_the_first_outcome()
    {
        await using var one = await fixture.StartAsync();
        await using var two = new ServiceHost<Program>("order", one.ConnectionString, new SidecarStub());
        using var clientOne = one.CreateClient();
        using var clientTwo = two.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(clientOne);
        await using var holder = await one.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await using (var hold = new NpgsqlCommand($"SELECT FROM orders WHERE id = '{id}' FOR UPDATE", holder))
        {
            await hold.ExecuteNonQueryAsync(Cancel); // both read the pending order; the one that waits first for its row writes first
        }

        var first = clientOne.DeliverAsync(Topic, Rejected(id));
        await one.UntilBlockedAsync(1);
        var second = clientTwo.DeliverAsync(Topic, Reserved(id));
        await one.UntilBlockedAsync(2);
        await transaction.CommitAsync(Cancel);

        Assert.Equal(["SUCCESS"], await first);
        Assert.Equal(["SUCCESS"], await second);
        var order = await ReadAsync(clientOne, id);
        Assert.Equal("rejected", order.GetProperty("status").GetString());
        Assert.Equal("out_of_stock", order.GetProperty("reason").GetString());
        Assert.Empty(IgnoredOutcomes(one));
        Assert.Equal($"Ignored the outcome Reserved for order {id}, which is already Rejected", Assert.Single(IgnoredOutcomes(two)));
        Assert.Equal(0L, await one.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Fact]
    public async Task Event_for_an_unknown_order_is_logged_and_acknowledged_without_affecting_others()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);
        var unknown = Guid.NewGuid();

        var statuses = await client.DeliverAsync(Topic, Reserved($"{unknown}"), Reserved(id));

        Assert.Equal(["SUCCESS", "SUCCESS"], statuses);
        Assert.Equal("confirmed", (await ReadAsync(client, id)).GetProperty("status").GetString());
        Assert.Contains($"Ignored an event for order {unknown}, which does not exist", host.Warnings);
    }

    [Fact]
    public async Task Waiting_reader_gets_the_order_as_soon_as_it_is_settled()
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
        Assert.True(time.GetUtcNow() - before < TimeSpan.FromSeconds(30), "The reader got its response only after its wait had ended.");
    }

    [Fact]
    public async Task Reader_gets_the_pending_order_after_its_timeout()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);

        var order = await client.GetFromJsonAsync<JsonElement>($"/orders/{id}?wait=10ms", Cancel);

        Assert.Equal("pending", order.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Service_declares_a_bulk_subscription_and_a_raw_one_to_its_dead_letter_topic()
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

    private static IEnumerable<string> IgnoredOutcomes(ServiceHost<Program> host) =>
        host.Warnings.Where(warning => warning.StartsWith("Ignored the outcome", StringComparison.Ordinal));

    private static JsonObject Reserved(string orderId) => Deliveries.Event(Topic, new
    {
        orderId,
        itemId = "item-123",
        quantity = 1,
        outcome = "reserved",
        reason = (string?)null,
        available = 9,
        occurredAt = DateTimeOffset.UnixEpoch,
    });

    private static JsonObject Rejected(string orderId) => Deliveries.Event(Topic, new
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

    /// <summary>A clock that only the test advances. It records the due time of each timer.</summary>
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
