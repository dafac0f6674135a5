using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.OrderService.Orders;

internal static class OrderEndpoints
{
    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders");
        orders.MapPost("/", PlaceOrder.HandleAsync).WithName("PlaceOrder").WithSummary("Places an order.")
            .WithMetadata(new RequestSizeLimitAttribute(64 << 10)); // here, not for the whole service: events come in bulk
        orders.MapGet("/", ListOrders.HandleAsync).WithName("ListOrders").WithSummary("Lists orders, newest first.");
        orders.MapGet("/{id}", GetOrder.HandleAsync).WithName("GetOrder").WithSummary("Reads an order, or waits until it is settled.");
    }
}
