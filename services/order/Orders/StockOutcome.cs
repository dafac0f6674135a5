namespace DaprOrders.OrderService.Orders;

/// <summary>Inventory's decision about an order.</summary>
internal enum StockOutcome
{
    Reserved,
    Rejected,
}
