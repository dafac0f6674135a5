using System.Net;
using DaprOrders.Testing;

namespace DaprOrders.OrderService.Tests.Data;

public sealed class MigrationTests(OrderServiceFixture fixture)
{
    private const string Rows =
        """
        INSERT INTO orders (id, item_id, quantity, status, reason, idempotency_key, created_at, next_sweep_at, sweeps) VALUES
          ('00000000-0000-7000-8000-000000000001', 'item-1', 1, 'confirmed', NULL, 'key-1', '2026-11-01', '2026-11-01', 0),
          ('00000000-0000-7000-8000-000000000002', 'item-2', 2, 'rejected', 'out_of_stock', NULL, '2026-11-02', '2026-11-02', 3),
          ('00000000-0000-7000-8000-000000000003', 'item-3', 3, 'pending', NULL, NULL, '2026-11-03', '2100-01-01', 1);
        INSERT INTO outbox (id, topic, key, data, trace_parent, attempts, not_before, last_error) VALUES
          ('00000000-0000-7000-8000-000000000003', 'order.created', 'b', '{"order_id": 3}', NULL, 0, '2100-01-01', NULL),
          ('00000000-0000-7000-8000-000000000001', 'order.created', 'a', '{"order_id": 1}', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 7, '2100-01-01', 'refused');
        INSERT INTO dead_letters (direction, topic, event_id, event, reason, attempts) VALUES
          ('in', 'inventory.updated', 'e1', '{"id":"e1"}', 'not readable', 5),
          ('out', 'order.created', '00000000-0000-7000-8000-000000000009', '\x00ff', 'too large', 1);
        """;

    private static readonly string Schema = Path.Combine(AppContext.BaseDirectory, "Data", "initial-schema.sql");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migration_from_the_first_schema_keeps_all_rows()
    {
        await using var host = new ServiceHost<Program>("order", await fixture.CreateEmptyDatabaseAsync(), new SidecarStub());
        await host.ExecuteAsync(await File.ReadAllTextAsync(Schema, Cancel) + Rows);

        host.Start();

        Assert.Equal(
            "item-1 1 confirmed - key-1 '' 0, item-2 2 rejected out_of_stock - '' 3, item-3 3 pending - - '' 1",
            await host.QueryAsync<string>(
                """
                SELECT string_agg(concat_ws(' ', item_id, quantity, status, coalesce(reason, '-'), coalesce(idempotency_key, '-'), quote_literal(owner), sweeps), ', ' ORDER BY id)
                FROM orders
                """));
        Assert.Equal(
            """b {"order_id": 3} 0 -, a {"order_id": 1} 7 refused""",
            await host.QueryAsync<string>("SELECT string_agg(concat_ws(' ', key, data, attempts, coalesce(last_error, '-')), ', ' ORDER BY position) FROM outbox"));
        Assert.Equal(
            """in e1 {"id":"e1"} not readable 5, out 00000000-0000-7000-8000-000000000009 \000\377 too large 1""",
            await host.QueryAsync<string>("SELECT string_agg(concat_ws(' ', direction, event_id, encode(body, 'escape'), reason, attempts), ', ' ORDER BY id) FROM dead_letters"));
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters WHERE source = '' AND data_hash = sha256(body)"));
    }

    [Fact]
    public async Task Migrated_database_accepts_new_orders_and_finds_old_ones_by_their_keys()
    {
        await using var host = new ServiceHost<Program>("order", await fixture.CreateEmptyDatabaseAsync(), new SidecarStub());
        await host.ExecuteAsync(await File.ReadAllTextAsync(Schema, Cancel) + Rows);
        using var client = host.CreateClient();

        using var replayed = await PostAsync(client, "key-1");
        using var placed = await PostAsync(client, "key-2");

        Assert.Equal(HttpStatusCode.Created, replayed.StatusCode);
        Assert.Equal("/orders/00000000-0000-7000-8000-000000000001", replayed.Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        Assert.Single(await host.Sidecar.PublishedAsync("order.created", 1));
    }

    [Fact]
    public async Task Migration_sets_the_timeouts_and_the_planner_settings()
    {
        await using var host = new ServiceHost<Program>("order", await fixture.CreateEmptyDatabaseAsync(), new SidecarStub());

        host.Start();

        Assert.Equal(
            "enable_seqscan=off,idle_in_transaction_session_timeout=10s,jit=off,lock_timeout=5s,plan_cache_mode=force_generic_plan",
            await host.QueryAsync<string>(ServiceHost<Program>.DatabaseSettings));
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders");
        request.Headers.Add("Idempotency-Key", key);
        request.Content = new StringContent("""{"item_id":"item-1","quantity":1}""", null, "application/json");
        return await client.SendAsync(request, Cancel);
    }
}
