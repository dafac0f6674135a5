using DaprOrders.OrderService.Sweep;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.OrderService.Tests;

public sealed class PendingOrderSweepTests(OrderServiceFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_order_that_is_pending_for_30_seconds_is_published_again_with_the_same_event_id()
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
        Assert.Equal(id, second.GetProperty("entryId").GetString());
    }

    [Fact]
    public async Task Each_time_it_takes_twice_as_long()
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
    public async Task A_settled_order_is_left_alone()
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
    public async Task While_the_outbox_is_behind_nothing_is_published_again()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        using var client = host.CreateClient();
        await PlaceOrderTests.PlaceAsync(client);
        await LetTimePassAsync(host, "30 s");
        await host.QueryAsync<long>("WITH old AS (UPDATE outbox SET created_at = created_at - interval '11 s' RETURNING 1) SELECT count(*) FROM old");

        Assert.Equal(0, await SweepAsync(host));
    }

    [Fact]
    public async Task An_event_that_is_still_in_the_outbox_is_not_there_twice()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        using var client = host.CreateClient();
        await PlaceOrderTests.PlaceAsync(client);
        await LetTimePassAsync(host, "30 s");

        Assert.Equal(1, await SweepAsync(host));
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    private static Task<int> SweepAsync(ServiceHost<Program> host) =>
        host.Services.GetRequiredService<PendingOrderSweep>().SweepAsync(Cancel);

    private static Task<long> LetTimePassAsync(ServiceHost<Program> host, string time) => host.QueryAsync<long>(
        $"WITH later AS (UPDATE orders SET next_sweep_at = next_sweep_at - interval '{time}' RETURNING 1) SELECT count(*) FROM later");

    private static async Task UntilPublishedAsync(ServiceHost<Program> host)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (await host.QueryAsync<long>("SELECT count(*) FROM outbox") > 0)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }
}
