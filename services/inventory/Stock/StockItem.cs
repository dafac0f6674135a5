namespace DaprOrders.InventoryService.Stock;

/// <summary>How much of an item there was, and how much is left. What is gone is the sum of the reservations.</summary>
internal sealed class StockItem
{
    public required string ItemId { get; init; }

    public required int Initial { get; init; }

    public required int Available { get; set; }

    /// <summary>Takes the quantity if there is as much. The row must be locked.</summary>
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
