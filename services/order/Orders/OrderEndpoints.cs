namespace DaprOrders.OrderService.Orders;

internal static class OrderEndpoints
{
    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders");
        orders.MapPost("/", PlaceOrder.HandleAsync).WithName("PlaceOrder").WithSummary("Places an order.");
        orders.MapGet("/{id}", GetOrder.HandleAsync).WithName("GetOrder").WithSummary("Reads an order, or waits until it is settled.");
    }
}
