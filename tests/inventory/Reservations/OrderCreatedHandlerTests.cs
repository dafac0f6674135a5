using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Npgsql;

namespace DaprOrders.InventoryService.Tests.Reservations;

public sealed class OrderCreatedHandlerTests(InventoryServiceFixture fixture)
{
    private const string Topic = "order.created";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_order_takes_stock_and_its_reservation_is_published_with_the_orders_id_as_key()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var orderId = Guid.NewGuid();

        var statuses = await client.DeliverAsync(Topic, Order(orderId, "item-123", 2));

        Assert.Equal(["SUCCESS"], statuses);
        Assert.Equal(999_998, await host.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-123'"));
        var entry = Assert.Single(await host.Sidecar.PublishedAsync("inventory.updated", 1));
        Assert.Equal(orderId.ToString(), entry.GetProperty("metadata").GetProperty("partitionKey").GetString());
        var data = entry.GetProperty("event");
        Assert.Equal(
            ["order_id", "item_id", "quantity", "outcome", "reason", "available", "occurred_at"],
            data.EnumerateObject().Select(property => property.Name));
        Assert.Equal("reserved", data.GetProperty("outcome").GetString());
        Assert.Equal(JsonValueKind.Null, data.GetProperty("reason").ValueKind);
        Assert.Equal(999_998, data.GetProperty("available").GetInt32());
    }

    [Fact]
    public async Task The_first_orders_of_a_batch_get_the_last_of_the_stock_and_the_others_are_rejected()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        await client.DeliverAsync(Topic, [.. Enumerable.Range(0, 4).Select(_ => Order(Guid.NewGuid(), "item-100", 1))]);

        var published = await host.Sidecar.PublishedAsync("inventory.updated", 4);
        Assert.Equal(
            ["reserved", "reserved", "reserved", "rejected out_of_stock"],
            published.Select(entry => entry.GetProperty("event")).Select(Answer));
        Assert.Equal(0, await host.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-100'"));
    }

    [Fact]
    public async Task An_item_that_nobody_knows_is_rejected()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        await client.DeliverAsync(Topic, Order(Guid.NewGuid(), "no-such-item", 1));

        var entry = Assert.Single(await host.Sidecar.PublishedAsync("inventory.updated", 1));
        Assert.Equal("rejected unknown_item", Answer(entry.GetProperty("event")));
    }

    [Fact]
    public async Task Redelivered_order_takes_no_more_stock_and_is_not_answered_again()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var (order, other) = (Guid.NewGuid(), Guid.NewGuid());

        var together = await client.DeliverAsync(Topic, Order(order, "item-123", 1), Order(order, "item-123", 1));
        await UntilPublishedAsync(host);
        var later = await client.DeliverAsync(Topic, Order(order, "item-123", 1), Order(other, "item-1", 1));

        Assert.Equal(["SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS"], together.Concat(later));
        Assert.Equal(999_999, await host.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-123'"));
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM reservations"));
        var published = await host.Sidecar.PublishedAsync("inventory.updated", 2);
        Assert.Equal([$"{order}", $"{other}"], published.Select(entry => entry.GetProperty("metadata").GetProperty("partitionKey").GetString()));
    }

    [Theory]
    [InlineData("item-123", 1, "reserved", 999_999)]
    [InlineData("item-100", 4, "rejected out_of_stock", 3)]
    public async Task Order_that_is_republished_after_20_seconds_gets_the_stored_reservation(string item, int quantity, string outcome, int available)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var order = Order(Guid.NewGuid(), item, quantity);
        await client.DeliverAsync(Topic, order);
        var first = Assert.Single(await host.Sidecar.PublishedAsync("inventory.updated", 1));
        await UntilPublishedAsync(host);
        await host.ExecuteAsync(
            $"""
            UPDATE reservations SET created_at = created_at - interval '21 s';
            UPDATE stock SET available = 1000 WHERE item_id = '{item}'
            """);

        await client.DeliverAsync(Topic, order);

        var second = (await host.Sidecar.PublishedAsync("inventory.updated", 2))[1];
        Assert.Equal(first.GetProperty("entryId").GetString(), second.GetProperty("entryId").GetString());
        Assert.Equal(outcome, Answer(second.GetProperty("event")));
        Assert.Equal(available, second.GetProperty("event").GetProperty("available").GetInt32());
        Assert.Equal(1000, await host.QueryAsync<int>($"SELECT available FROM stock WHERE item_id = '{item}'"));
    }

    [Theory]
    [InlineData("item-123", "reserved")]
    [InlineData("no-such-item", "rejected unknown_item")] // of which there is no row that could be locked
    public async Task Order_that_reaches_two_instances_at_once_is_answered_once(string item, string outcome)
    {
        await using var one = await fixture.StartAsync();
        await using var two = new ServiceHost<Program>("inventory", one.ConnectionString, new SidecarStub());
        using var clientOne = one.CreateClient();
        using var clientTwo = two.CreateClient();
        var order = Order(Guid.NewGuid(), item, 1);
        await using var holder = await one.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await using var hold = new NpgsqlCommand("LOCK TABLE reservations IN SHARE MODE", holder); // they can be read, and none can be added
        await hold.ExecuteNonQueryAsync(Cancel);

        var deliveries = new[] { clientOne.DeliverAsync(Topic, order), clientTwo.DeliverAsync(Topic, order) };
        await one.UntilBlockedAsync(2);
        await transaction.CommitAsync(Cancel);
        var statuses = (await Task.WhenAll(deliveries)).SelectMany(status => status).ToList();
        if (statuses.Contains("RETRY"))
        {
            statuses.AddRange(await clientOne.DeliverAsync(Topic, order));
        }

        Assert.Equal("SUCCESS", statuses[^1]);
        Assert.Equal(1L, await one.QueryAsync<long>("SELECT count(*) FROM reservations"));
        Assert.Equal(0L, await one.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
        Assert.Equal(1_000_000 - (outcome is "reserved" ? 1 : 0), await one.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-123'"));
        await UntilPublishedAsync(one);
        var published = one.Sidecar.Published("inventory.updated").Concat(two.Sidecar.Published("inventory.updated"));
        Assert.Equal(outcome, Answer(Assert.Single(published).GetProperty("event")));
    }

    [Fact]
    public async Task Parallel_batches_over_the_same_items_in_opposite_order_neither_deadlock_nor_oversell()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        string[] items = ["item-1", "item-2", "item-3", "item-100"];

        var deliveries = Enumerable.Range(0, 20).Select(i => client.DeliverAsync(
            Topic, [.. (i % 2 == 0 ? items : items.Reverse()).Select(item => Order(Guid.NewGuid(), item, 1))]));
        var statuses = (await Task.WhenAll(deliveries)).SelectMany(status => status);

        Assert.All(statuses, status => Assert.Equal("SUCCESS", status));
        Assert.Equal(3L, await host.QueryAsync<long>("SELECT count(*) FROM reservations WHERE item_id = 'item-100' AND outcome = 'reserved'"));
        Assert.Equal(0L, await host.QueryAsync<long>(
            """
            SELECT count(*) FROM stock LEFT JOIN LATERAL (
              SELECT coalesce(sum(quantity), 0) AS taken FROM reservations r WHERE r.item_id = stock.item_id AND outcome = 'reserved') r ON true
            WHERE initial - available <> taken
            """));
    }

    [Fact]
    public async Task An_event_that_is_no_order_becomes_a_dead_letter_and_the_others_of_its_batch_are_handled()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var statuses = await client.DeliverAsync(
            Topic, Order(Guid.NewGuid(), "item-1", 1), Deliveries.Event(Topic, new { }, "no-order"), Order(Guid.NewGuid(), "item-2", 1));

        Assert.Equal(["SUCCESS", "SUCCESS", "SUCCESS"], statuses);
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM reservations"));
        Assert.Equal("no-order", await host.QueryAsync<string>("SELECT event_id FROM dead_letters WHERE topic = 'order.created'"));
        Assert.Contains("order_id", await host.QueryAsync<string>("SELECT reason FROM dead_letters"), StringComparison.Ordinal);
    }

    private static Task UntilPublishedAsync(ServiceHost<Program> host) =>
        Wait.UntilAsync("an empty outbox", async () => await host.QueryAsync<long>("SELECT count(*) FROM outbox") == 0);

    private static JsonObject Order(Guid orderId, string itemId, int quantity) =>
        Deliveries.Event(Topic, new { orderId, itemId, quantity, createdAt = DateTimeOffset.UnixEpoch }, orderId.ToString());

    private static string Answer(JsonElement data) =>
        $"{data.GetProperty("outcome").GetString()} {data.GetProperty("reason").GetString()}".TrimEnd();
}
