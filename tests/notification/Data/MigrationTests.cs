using DaprOrders.Testing;

namespace DaprOrders.NotificationService.Tests.Data;

public sealed class MigrationTests(NotificationServiceFixture fixture)
{
    private const string Rows =
        """
        INSERT INTO notifications (id, order_id, item_id, quantity, outcome, reason, created_at) VALUES
          (gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'item-1', 2, 'reserved', NULL, '2026-11-01'),
          (gen_random_uuid(), '00000000-0000-7000-8000-000000000002', 'item-2', 3, 'rejected', 'out_of_stock', '2026-11-02');
        INSERT INTO dead_letters (direction, topic, event_id, event, reason, attempts) VALUES
          ('in', 'inventory.updated', 'e1', '{"id":"e1"}', 'not readable', 5),
          ('in', 'inventory.updated', '', '', 'empty', 1);
        """;

    private static readonly string Schema = Path.Combine(AppContext.BaseDirectory, "Data", "initial-schema.sql");

    [Fact]
    public async Task Migration_from_the_first_schema_keeps_all_rows()
    {
        await using var host = new ServiceHost<Program>("notification", await fixture.CreateEmptyDatabaseAsync(), new SidecarStub());
        await host.ExecuteAsync(await File.ReadAllTextAsync(Schema, TestContext.Current.CancellationToken) + Rows);

        host.Start();

        Assert.Equal(
            "1 item-1 2 reserved -, 2 item-2 3 rejected out_of_stock",
            await host.QueryAsync<string>(
                """
                SELECT string_agg(concat_ws(' ', right(order_id::text, 1), item_id, quantity, outcome, coalesce(reason, '-')), ', ' ORDER BY order_id)
                FROM notifications
                """));
        Assert.Equal(
            """in e1 {"id":"e1"} not readable 5, in   empty 1""",
            await host.QueryAsync<string>("SELECT string_agg(concat_ws(' ', direction, event_id, encode(body, 'escape'), reason, attempts), ', ' ORDER BY id) FROM dead_letters"));
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters WHERE source = '' AND data_hash = sha256(body)"));
    }

    [Fact]
    public async Task Migration_sets_the_timeouts_and_the_planner_settings()
    {
        await using var host = new ServiceHost<Program>("notification", await fixture.CreateEmptyDatabaseAsync(), new SidecarStub());

        host.Start();

        Assert.Equal(
            "enable_seqscan=off,idle_in_transaction_session_timeout=10s,jit=off,lock_timeout=5s,plan_cache_mode=force_generic_plan",
            await host.QueryAsync<string>(ServiceHost<Program>.DatabaseSettings));
    }
}
