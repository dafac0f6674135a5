using System.Diagnostics.Metrics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.NotificationService.Notifications;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Npgsql;

namespace DaprOrders.NotificationService.Tests.Notifications;

public sealed class InventoryUpdatedHandlerTests(NotificationServiceFixture fixture)
{
    private const string Topic = "inventory.updated";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Outcome_that_is_delivered_repeatedly_is_notified_once()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var orderId = Guid.NewGuid();

        var together = await client.DeliverAsync(Topic, Outcome(orderId, "reserved"), Outcome(orderId, "reserved"));
        var later = await client.DeliverAsync(Topic, Outcome(orderId, "reserved"));

        Assert.Equal(["SUCCESS", "SUCCESS", "SUCCESS"], together.Concat(later));
        var notification = Assert.Single((await ListAsync(client, orderId)).EnumerateArray());
        Assert.Equal("reserved", notification.GetProperty("outcome").GetString());
        Assert.Equal("item-123", notification.GetProperty("item_id").GetString());
    }

    [Fact]
    public async Task Time_from_the_acceptance_is_measured_for_ids_that_contain_it()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        using var durations = new MetricCollector<double>(
            host.Services.GetRequiredService<IMeterFactory>(), NotificationMetrics.MeterName, "orders.accepted_to_notified");

        await client.DeliverAsync(
            Topic, Outcome(Guid.CreateVersion7(DateTimeOffset.UtcNow.AddSeconds(-100)), "reserved"), Outcome(Guid.NewGuid(), "reserved"));

        Assert.InRange(Assert.Single(durations.GetMeasurementSnapshot()).Value, 100, 160);
    }

    [Fact]
    public async Task Rejection_is_notified_with_its_reason()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var orderId = Guid.NewGuid();

        await client.DeliverAsync(Topic, Outcome(orderId, "rejected", "out_of_stock"));

        Assert.Equal("out_of_stock", Assert.Single((await ListAsync(client, orderId)).EnumerateArray()).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Each_outcome_of_an_order_is_notified()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var orderId = Guid.NewGuid();

        await client.DeliverAsync(Topic, Outcome(orderId, "reserved"), Outcome(orderId, "rejected", "out_of_stock"), Outcome(orderId, "reserved"));

        Assert.Equal(
            ["rejected", "reserved"], (await ListAsync(client, orderId)).EnumerateArray().Select(item => item.GetProperty("outcome").GetString()!).Order());
    }

    [Fact]
    public async Task Outcome_that_reaches_two_instances_at_once_is_notified_once()
    {
        await using var one = await fixture.StartAsync();
        await using var two = new ServiceHost<Program>("notification", one.ConnectionString, new SidecarStub());
        using var clientOne = one.CreateClient();
        using var clientTwo = two.CreateClient();
        var (both, other) = (Guid.NewGuid(), Guid.NewGuid());
        await using var holder = await one.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await using var hold = new NpgsqlCommand("LOCK TABLE notifications IN SHARE MODE", holder); // they can be read but not added
        await hold.ExecuteNonQueryAsync(Cancel);

        var deliveries = new[]
        {
            clientOne.DeliverAsync(Topic, Outcome(both, "reserved")),
            clientTwo.DeliverAsync(Topic, Outcome(both, "reserved"), Outcome(other, "reserved")),
        };
        await one.UntilBlockedAsync(2);
        await transaction.CommitAsync(Cancel);
        var statuses = (await Task.WhenAll(deliveries)).SelectMany(status => status);

        Assert.All(statuses, status => Assert.Equal("SUCCESS", status)); // the later instance retries and finds the notification
        Assert.Equal(2L, await one.QueryAsync<long>("SELECT count(*) FROM notifications"));
        Assert.Equal(0L, await one.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Fact]
    public async Task All_notifications_are_listed_newest_first_in_pages()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var orders = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToList();
        foreach (var orderId in orders)
        {
            await client.DeliverAsync(Topic, Outcome(orderId, "reserved"));
        }

        List<string> listed = [];
        for (string? next = ""; next is not null;)
        {
            var page = await client.GetFromJsonAsync<JsonElement>($"/notifications?limit=2{(next is "" ? "" : $"&cursor={next}")}", Cancel);
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("order_id").GetString()!));
            next = page.GetProperty("next").GetString();
            Assert.True(listed.Count <= 1000, "The list does not end.");
        }

        Assert.Equal(orders.AsEnumerable().Reverse().Select(id => id.ToString()), listed);
    }

    private static async Task<JsonElement> ListAsync(HttpClient client, Guid orderId) =>
        (await client.GetFromJsonAsync<JsonElement>($"/notifications?order_id={orderId}", Cancel)).GetProperty("items");

    private static JsonObject Outcome(Guid orderId, string outcome, string? reason = null) => Deliveries.Event(Topic, new
    {
        orderId,
        itemId = "item-123",
        quantity = 1,
        outcome,
        reason,
        available = 9,
        occurredAt = DateTimeOffset.UnixEpoch,
    });
}
