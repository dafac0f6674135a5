using DaprOrders.Testing;

namespace DaprOrders.InventoryService.Tests.Data;

public sealed class MigrationTests(InventoryServiceFixture fixture)
{
    private const string Rows =
        """
        INSERT INTO stock (item_id, initial, available) VALUES ('item-1', 10, 8), ('own-item', 2, 0);
        INSERT INTO reservations (order_id, item_id, quantity, outcome, reason, available, event_id, created_at) VALUES
          ('00000000-0000-7000-8000-000000000001', 'item-1', 2, 'reserved', NULL, 8, '00000000-0000-7000-8000-0000000000e1', '2026-11-01'),
          ('00000000-0000-7000-8000-000000000002', 'own-item', 3, 'rejected', 'out_of_stock', 2, '00000000-0000-7000-8000-0000000000e2', '2026-11-02');
        INSERT INTO outbox (id, topic, key, data, attempts, not_before) VALUES
          ('00000000-0000-7000-8000-0000000000e2', 'inventory.updated', 'b', '{"order_id": 2}', 0, '2100-01-01'),
          ('00000000-0000-7000-8000-0000000000e1', 'inventory.updated', 'a', '{"order_id": 1}', 2, '2100-01-01');
        INSERT INTO dead_letters (direction, topic, event_id, event, reason, attempts) VALUES ('in', 'order.created', 'e1', '{"id":"e1"}', 'not readable', 5);
        """;

    private static readonly string Schema = Path.Combine(AppContext.BaseDirectory, "Data", "initial-schema.sql");

    [Fact]
    public async Task Migration_from_the_first_schema_keeps_all_rows()
    {
        await using var host = new ServiceHost<Program>("inventory", await fixture.CreateEmptyDatabaseAsync(), new SidecarStub());
        await host.ExecuteAsync(await File.ReadAllTextAsync(Schema, TestContext.Current.CancellationToken) + Rows);

        host.Start();

        Assert.Equal(
            "e1 item-1 2 reserved - 8, e2 own-item 3 rejected out_of_stock 2",
            await host.QueryAsync<string>(
                """
                SELECT string_agg(concat_ws(' ', right(event_id::text, 2), item_id, quantity, outcome, coalesce(reason, '-'), available), ', ' ORDER BY order_id)
                FROM reservations
                """));
        Assert.Equal("item-1 10 8, own-item 2 0", await host.QueryAsync<string>(
            "SELECT string_agg(concat_ws(' ', item_id, initial, available), ', ' ORDER BY item_id) FROM stock WHERE item_id IN ('item-1', 'own-item')"));
        Assert.Equal("""b {"order_id": 2} 0, a {"order_id": 1} 2""", await host.QueryAsync<string>(
            "SELECT string_agg(concat_ws(' ', key, data, attempts), ', ' ORDER BY position) FROM outbox"));
        Assert.Equal("""in e1 {"id":"e1"} not readable 5""", await host.QueryAsync<string>(
            "SELECT concat_ws(' ', direction, event_id, encode(body, 'escape'), reason, attempts) FROM dead_letters WHERE source = '' AND data_hash = sha256(body)"));
    }

    [Fact]
    public async Task Migrated_database_republishes_an_old_reservation()
    {
        await using var host = new ServiceHost<Program>("inventory", await fixture.CreateEmptyDatabaseAsync(), new SidecarStub());
        await host.ExecuteAsync(await File.ReadAllTextAsync(Schema, TestContext.Current.CancellationToken) + Rows);
        using var client = host.CreateClient();
        await host.ExecuteAsync("DELETE FROM outbox");
        var orderId = Guid.Parse("00000000-0000-7000-8000-000000000001");

        await client.DeliverAsync("order.created", Deliveries.Event("order.created", new { orderId, itemId = "item-1", quantity = 2 }));

        Assert.Equal(8, await host.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-1'"));
        var entry = Assert.Single(await host.Sidecar.PublishedAsync("inventory.updated", 1)); // the reservation is old, so it is republished
        Assert.Equal("00000000-0000-7000-8000-0000000000e1", SidecarStub.EventId(entry));
    }

    [Fact]
    public async Task Migration_sets_the_timeouts_and_the_planner_settings()
    {
        await using var host = new ServiceHost<Program>("inventory", await fixture.CreateEmptyDatabaseAsync(), new SidecarStub());

        host.Start();

        Assert.Equal(
            "enable_seqscan=off,idle_in_transaction_session_timeout=10s,jit=off,lock_timeout=5s,plan_cache_mode=force_generic_plan",
            await host.QueryAsync<string>(ServiceHost<Program>.DatabaseSettings));
    }
}
