namespace DaprOrders.InventoryService.Stock;

/// <summary>The units of an item: how many there were, and how many are left. The difference is the sum of the reservations.</summary>
internal sealed class StockItem
{
    public required string ItemId { get; init; }

    public required int Initial { get; init; }

    public required int Available { get; set; }

    /// <summary>Takes the units if there are enough. The row must be locked.</summary>
    public bool TryTake(int quantity)
    {
        if (quantity > Available)
        {
            return false;
        }

        Available -= quantity;
        return true;
    }
}
