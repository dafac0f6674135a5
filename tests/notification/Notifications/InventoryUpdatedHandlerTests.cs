using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.Testing;

namespace DaprOrders.NotificationService.Tests.Notifications;

public sealed class InventoryUpdatedHandlerTests(NotificationServiceFixture fixture)
{
    private const string Topic = "inventory.updated";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_outcome_is_notified_once_however_often_it_comes()
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
    public async Task A_rejection_is_notified_with_its_reason()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var orderId = Guid.NewGuid();

        await client.DeliverAsync(Topic, Outcome(orderId, "rejected", "out_of_stock"));

        Assert.Equal("out_of_stock", Assert.Single((await ListAsync(client, orderId)).EnumerateArray()).GetProperty("reason").GetString());
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
