using System.Text.Json;

namespace DaprOrders.SaveThenPublish;

internal static class Wire
{
    public const string PubSub = "pubsub";

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}

internal sealed record PlaceOrder(string ItemId, int Quantity);

internal sealed record OrderView(Guid Id, string ItemId, int Quantity, string Status, DateTimeOffset CreatedAt);

internal sealed record OrderCreated(Guid OrderId, string ItemId, int Quantity, DateTimeOffset CreatedAt);

internal sealed record InventoryUpdated(
    Guid OrderId, string ItemId, int Quantity, string Outcome, string? Reason, int Available, DateTimeOffset OccurredAt);
