namespace DaprOrders.InventoryService.Stock;

/// <summary>The stock of an item as clients see it.</summary>
internal sealed record StockView
{
    /// <summary>The item.</summary>
    /// <example>item-123</example>
    public required string ItemId { get; init; }

    /// <summary>The number of units before the first order.</summary>
    /// <example>1000000</example>
    public required int Initial { get; init; }

    /// <summary>The number of units that are left.</summary>
    /// <example>999999</example>
    public required int Available { get; init; }

    public static StockView Of(StockItem item) => new() { ItemId = item.ItemId, Initial = item.Initial, Available = item.Available };
}
