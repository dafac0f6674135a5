using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>Places one order through the gateway, for tests that need no load.</summary>
internal static class OneOrder
{
    /// <summary>Places an order for one unit, and returns its id. Throws if it is not accepted.</summary>
    public static async Task<Guid> PlaceAsync(StackHost stack, string item = "item-7")
    {
        using var response = await stack.Gateway.PostAsJsonAsync("/orders", new { item_id = item, quantity = 1 }, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetGuid();
    }
}
