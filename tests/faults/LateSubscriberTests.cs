using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>Starts a service for the first time after events for it were published. No sweep republishes the events of a confirmed order.</summary>
[Trait("Form", "dapr")]
public sealed class LateSubscriberTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Event_published_before_the_first_start_of_its_subscriber_is_delivered()
    {
        await using var stack = new StackHost(new StackOptions { Deferred = ["notification"] });
        await stack.StartAsync();
        using var placed = await stack.Gateway.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);
        var id = (await placed.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString();
        var order = await stack.Gateway.GetFromJsonAsync<JsonElement>($"/orders/{id}?wait=30s", Cancel);
        Assert.Equal("confirmed", order.GetProperty("status").GetString());

        await stack.StartDeferredAsync();

        await Wait.UntilAsync($"the notification of order {id}", async () =>
            await stack.QueryAsync("notification_db", $"SELECT outcome FROM notifications WHERE order_id = '{id}'") is "reserved");
    }
}
