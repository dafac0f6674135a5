using DaprOrders.OrderService.Sweep;
using DaprOrders.OrderService.Tests.Orders;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace DaprOrders.OrderService.Tests.Sweep;

public sealed class PendingOrderSweepTests(OrderServiceFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_that_is_pending_for_30_seconds_is_republished_with_the_same_event_id()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);
        var first = Assert.Single(await host.Sidecar.PublishedAsync("order.created", 1));
        await UntilPublishedAsync(host);

        Assert.Equal(0, await SweepAsync(host));
        await LetTimePassAsync(host, "30 s");
        Assert.Equal(1, await SweepAsync(host));

        var second = (await host.Sidecar.PublishedAsync("order.created", 2))[1];
        Assert.Equal(first.GetProperty("event").GetRawText(), second.GetProperty("event").GetRawText());
        Assert.Equal(id, SidecarStub.EventId(second));
    }

    [Fact]
    public async Task Time_between_republished_events_doubles()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await PlaceOrderTests.PlaceAsync(client);
        await UntilPublishedAsync(host);

        foreach (var seconds in (int[])[30, 60, 120, 240])
        {
            await LetTimePassAsync(host, $"{seconds - 10} s");
            Assert.Equal(0, await SweepAsync(host));
            await LetTimePassAsync(host, "10 s");
            Assert.Equal(1, await SweepAsync(host));
            await UntilPublishedAsync(host);
        }
    }

    [Fact]
    public async Task Settled_order_is_not_republished()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var id = await PlaceOrderTests.PlaceAsync(client);
        await UntilPublishedAsync(host);
        await client.DeliverAsync("inventory.updated", Deliveries.Event("inventory.updated", new { orderId = id, outcome = "reserved", reason = (string?)null }));

        await LetTimePassAsync(host, "1 hour");

        Assert.Equal(0, await SweepAsync(host));
    }

    [Fact]
    public async Task Nothing_is_republished_while_the_outbox_is_behind()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        using var client = host.CreateClient();
        await PlaceOrderTests.PlaceAsync(client);
        await LetTimePassAsync(host, "30 s");
        await host.ExecuteAsync("UPDATE outbox SET created_at = created_at - interval '11 s'");

        Assert.Equal(0, await SweepAsync(host));
    }

    [Fact]
    public async Task Event_that_is_still_in_the_outbox_is_not_added_again()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        using var client = host.CreateClient();
        await PlaceOrderTests.PlaceAsync(client);
        await LetTimePassAsync(host, "30 s");

        Assert.Equal(1, await SweepAsync(host));
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task Refused_event_does_not_stop_the_sweep_of_other_orders()
    {
        await using var host = await fixture.StartAsync();
        await InsertDueAsync(host, 1);
        await host.ExecuteAsync(
            """
            INSERT INTO outbox (id, topic, key, data, created_at, not_before, attempts)
            VALUES (gen_random_uuid(), 'order.created', 'refused', '{}', now() - interval '30 min', now() + interval '1 h', 60)
            """);

        Assert.Equal(1, await SweepAsync(host));
        Assert.Single(await host.Sidecar.PublishedAsync("order.created", 1));
    }

    [Fact]
    public async Task Orders_are_republished_in_the_order_of_their_ids()
    {
        await using var host = await fixture.StartAsync();
        await InsertDueAsync(host, 20);

        Assert.Equal(20, await SweepAsync(host));

        var published = (await host.Sidecar.PublishedAsync("order.created", 20)).Select(entry => entry.GetProperty("event").GetProperty("order_id").GetString()!);
        Assert.Equal(await host.QueryAsync<string>("SELECT string_agg(id::text, ',' ORDER BY id) FROM orders"), string.Join(',', published));
    }

    [Fact]
    public async Task Sweep_that_fails_is_logged_once_and_retried()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await fixture.StartAsync(time);
        await InsertDueAsync(host, 1);
        await host.ExecuteAsync(
            """
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF nextval('tries') <= 3 THEN RAISE EXCEPTION 'on purpose'; END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER fail BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION fail()
            """);
        host.Start();

        await Wait.UntilAsync("a sweep that succeeds", async () =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return await host.QueryAsync<int>("SELECT sweeps FROM orders") == 1;
        });

        Assert.Equal(4L, await host.QueryAsync<long>("SELECT last_value FROM tries"));
        Assert.Single(host.Warnings, warning => warning.StartsWith("Sweep failed and will be retried", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Service_sweeps_automatically_at_its_interval()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await fixture.StartAsync(time);
        using var client = host.CreateClient();
        await PlaceOrderTests.PlaceAsync(client);
        await UntilPublishedAsync(host);
        var placed = time.GetUtcNow();

        await Wait.UntilAsync("a sweep", async () =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return await host.QueryAsync<int>("SELECT sweeps FROM orders") > 0;
        });

        Assert.True(time.GetUtcNow() - placed >= TimeSpan.FromSeconds(30));
        Assert.NotEmpty(await host.Sidecar.PublishedAsync("order.created", 2));
    }

    [Fact]
    public async Task More_than_200_due_orders_are_swept_in_rounds()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        await InsertDueAsync(host, 201);

        Assert.Equal(200, await SweepAsync(host));
        Assert.Equal(1, await SweepAsync(host));
        Assert.Equal(0, await SweepAsync(host));
        Assert.Equal(201L, await host.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task Orders_that_another_instance_sweeps_are_skipped()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        await InsertDueAsync(host, 5);
        await using var other = await host.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await other.BeginTransactionAsync(Cancel);
        await using var sweep = new NpgsqlCommand("SELECT id FROM orders ORDER BY next_sweep_at LIMIT 2 FOR UPDATE", other);
        await sweep.ExecuteNonQueryAsync(Cancel);

        Assert.Equal(3, await SweepAsync(host));
        await transaction.RollbackAsync(Cancel);
        Assert.Equal(2, await SweepAsync(host));
    }

    [Fact]
    public async Task Sweeps_are_at_most_an_hour_apart()
    {
        await using var host = await fixture.StartAsync();
        await InsertDueAsync(host, 1, sweeps: 20);

        Assert.Equal(1, await SweepAsync(host));

        Assert.Equal(60, await host.QueryAsync<int>("SELECT round(extract(epoch FROM next_sweep_at - now()) / 60)::int FROM orders"));
    }

    private static Task<int> SweepAsync(ServiceHost<Program> host) =>
        host.Services.GetRequiredService<PendingOrderSweep>().SweepAsync(Cancel);

    private static Task LetTimePassAsync(ServiceHost<Program> host, string time) =>
        host.ExecuteAsync($"UPDATE orders SET next_sweep_at = next_sweep_at - interval '{time}'");

    private static Task UntilPublishedAsync(ServiceHost<Program> host) =>
        Wait.UntilAsync("an empty outbox", async () => await host.QueryAsync<long>("SELECT count(*) FROM outbox") == 0);

    /// <summary>Inserts orders that should have been swept already.</summary>
    private static Task InsertDueAsync(ServiceHost<Program> host, int count, int sweeps = 0) => host.ExecuteAsync(
        $"""
        INSERT INTO orders (id, item_id, quantity, status, owner, created_at, next_sweep_at, sweeps)
        SELECT gen_random_uuid(), 'item-1', 1, 'pending', '', now(), now() - n * interval '1 ms', {sweeps} FROM generate_series(1, {count}) n
        """);
}
