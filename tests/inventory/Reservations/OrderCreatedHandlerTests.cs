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
    public async Task Order_takes_stock_and_its_reservation_is_published_with_its_own_event_id()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var orderId = Guid.NewGuid();

        var statuses = await client.DeliverAsync(Topic, Order(orderId, "item-123", 2));

        Assert.Equal(["SUCCESS"], statuses);
        Assert.Equal(999_998, await host.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-123'"));
        var entry = Assert.Single(await host.Sidecar.PublishedAsync("inventory.updated", 1));
        Assert.Equal($"{await host.QueryAsync<Guid>("SELECT event_id FROM reservations")}", SidecarStub.EventId(entry));
        Assert.NotEqual($"{orderId}", SidecarStub.EventId(entry));
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
    public async Task First_orders_of_a_batch_get_the_last_units_and_the_others_are_rejected()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var orders = Enumerable.Range(0, 4).Select(_ => Guid.NewGuid()).ToList();

        await client.DeliverAsync(Topic, [.. orders.Select(order => Order(order, "item-100", 1))]);

        // The events of one batch are published in no particular order.
        var decisions = (await host.Sidecar.PublishedAsync("inventory.updated", 4)).Select(entry => entry.GetProperty("event"))
            .ToDictionary(data => data.GetProperty("order_id").GetGuid(), Decision);
        Assert.Equal(["reserved", "reserved", "reserved", "rejected out_of_stock"], orders.Select(order => decisions[order]));
        Assert.Equal(0, await host.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-100'"));
    }

    [Fact]
    public async Task Order_of_an_unknown_item_is_rejected()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        await client.DeliverAsync(Topic, Order(Guid.NewGuid(), "no-such-item", 1));

        var entry = Assert.Single(await host.Sidecar.PublishedAsync("inventory.updated", 1));
        Assert.Equal("rejected unknown_item", Decision(entry.GetProperty("event")));
    }

    [Fact]
    public async Task Redelivered_order_is_decided_once_and_republishes_nothing()
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
        Assert.Equal(SidecarStub.EventId(first), SidecarStub.EventId(second));
        Assert.Equal(outcome, Decision(second.GetProperty("event")));
        Assert.Equal(available, second.GetProperty("event").GetProperty("available").GetInt32());
        Assert.Equal(1000, await host.QueryAsync<int>($"SELECT available FROM stock WHERE item_id = '{item}'"));
    }

    [Fact]
    public async Task Order_that_is_republished_after_the_clock_was_set_back_gets_the_stored_reservation()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var order = Order(Guid.NewGuid(), "item-123", 1);
        await client.DeliverAsync(Topic, order);
        await UntilPublishedAsync(host);
        await host.ExecuteAsync("UPDATE reservations SET created_at = created_at + interval '1 hour'");

        await client.DeliverAsync(Topic, order);

        Assert.Single((await host.Sidecar.PublishedAsync("inventory.updated", 2)).Select(SidecarStub.EventId).Distinct());
    }

    [Theory]
    [InlineData("item-123", "reserved")]
    [InlineData("no-such-item", "rejected unknown_item")] // there is no stock row to lock
    public async Task Order_that_reaches_two_instances_at_once_is_decided_once(string item, string outcome)
    {
        await using var one = await fixture.StartAsync();
        await using var two = new ServiceHost<Program>("inventory", one.ConnectionString, new SidecarStub());
        using var clientOne = one.CreateClient();
        using var clientTwo = two.CreateClient();
        var order = Order(Guid.NewGuid(), item, 1);
        await using var holder = await one.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await using var hold = new NpgsqlCommand("LOCK TABLE reservations IN SHARE MODE", holder); // they can be read but not added
        await hold.ExecuteNonQueryAsync(Cancel);

        var deliveries = new[] { clientOne.DeliverAsync(Topic, order), clientTwo.DeliverAsync(Topic, order) };
        await one.UntilBlockedAsync(2);
        await transaction.CommitAsync(Cancel);
        var statuses = (await Task.WhenAll(deliveries)).SelectMany(status => status);

        Assert.All(statuses, status => Assert.Equal("SUCCESS", status)); // the later instance retries and finds the reservation
        Assert.Equal(1L, await one.QueryAsync<long>("SELECT count(*) FROM reservations"));
        Assert.Equal(0L, await one.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
        Assert.Equal(1_000_000 - (outcome is "reserved" ? 1 : 0), await one.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-123'"));
        await UntilPublishedAsync(one);
        var published = one.Sidecar.Published("inventory.updated").Concat(two.Sidecar.Published("inventory.updated"));
        Assert.Equal(outcome, Decision(Assert.Single(published).GetProperty("event")));
    }

    [Fact]
    public async Task Reservation_that_is_still_in_the_outbox_is_not_added_again()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        using var client = host.CreateClient();
        var order = Order(Guid.NewGuid(), "item-123", 1);
        await client.DeliverAsync(Topic, order);
        await host.ExecuteAsync("UPDATE reservations SET created_at = created_at - interval '21 s'");

        var statuses = await client.DeliverAsync(Topic, order, order);

        Assert.Equal(["SUCCESS", "SUCCESS"], statuses);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task Last_units_go_to_one_of_two_instances()
    {
        await using var one = await fixture.StartAsync();
        await using var two = new ServiceHost<Program>("inventory", one.ConnectionString, new SidecarStub());
        using var clientOne = one.CreateClient();
        using var clientTwo = two.CreateClient();
        await using var holder = await one.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await using var hold = new NpgsqlCommand("SELECT FROM stock WHERE item_id = 'item-100' FOR UPDATE", holder);
        await hold.ExecuteNonQueryAsync(Cancel);

        var deliveries = new[] { clientOne, clientTwo }.Select(client => client.DeliverAsync(Topic, Order(Guid.NewGuid(), "item-100", 2))).ToList();
        await one.UntilBlockedAsync(2); // both want two of the three units
        await transaction.CommitAsync(Cancel);
        await Task.WhenAll(deliveries);

        Assert.Equal(1, await one.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-100'"));
        Assert.Equal("rejected out_of_stock, reserved", await one.QueryAsync<string>(
            "SELECT string_agg(concat_ws(' ', outcome, reason), ', ' ORDER BY outcome) FROM reservations"));
    }

    [Fact]
    public async Task Concurrent_batches_in_opposite_item_order_neither_deadlock_nor_oversell()
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
    public async Task Quantity_without_a_fraction_is_an_integer()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var order = Order(Guid.NewGuid(), "item-1", 2);
        order["data"]!["quantity"] = JsonNode.Parse("2.0");

        Assert.Equal(["SUCCESS"], await client.DeliverAsync(Topic, order));

        Assert.Equal(2, await host.QueryAsync<int>("SELECT quantity FROM reservations"));
    }

    [Fact]
    public async Task Malformed_event_becomes_a_dead_letter_without_blocking_the_batch()
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

    [Theory]
    [InlineData("item-1", -5)]
    [InlineData("item-1", 0)]
    [InlineData("item-1", 1001)]
    [InlineData("a\nb", 1)]
    [InlineData("a\0b", 1)]
    [InlineData("65", 1)]
    public async Task Order_outside_the_bounds_of_the_schema_becomes_a_dead_letter_at_once(string itemId, int quantity)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var statuses = await client.DeliverAsync(
            Topic, Order(Guid.NewGuid(), itemId is "65" ? new string('a', 65) : itemId, quantity), Order(Guid.NewGuid(), "item-1", 1));

        Assert.Equal(["SUCCESS", "SUCCESS"], statuses);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM reservations"));
        Assert.Contains("must be", await host.QueryAsync<string>("SELECT reason FROM dead_letters"), StringComparison.Ordinal);
    }

    private static Task UntilPublishedAsync(ServiceHost<Program> host) =>
        Wait.UntilAsync("an empty outbox", async () => await host.QueryAsync<long>("SELECT count(*) FROM outbox") == 0);

    private static JsonObject Order(Guid orderId, string itemId, int quantity) =>
        Deliveries.Event(Topic, new { orderId, itemId, quantity, createdAt = DateTimeOffset.UnixEpoch }, orderId.ToString());

    private static string Decision(JsonElement data) =>
        $"{data.GetProperty("outcome").GetString()} {data.GetProperty("reason").GetString()}".TrimEnd();
}
