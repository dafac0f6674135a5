using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.OrderService.Orders;

internal static class OrderEndpoints
{
    private static readonly KnownParameter Id = new("id", "The order's id, a UUID.", "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e");

    private static readonly KnownParameter Status = new("status", "Only the orders that stand there.", "confirmed")
    {
        Words = [.. Enum.GetValues<OrderStatus>().Select(SnakeCase.ToSnakeCase)],
    };

    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders").MayAnswer(KnownProblem.Invalid, KnownProblem.Failed, KnownProblem.Unavailable);
        orders.MapPost("/", PlaceOrder.HandleAsync).WithName("PlaceOrder").WithSummary("Places an order.")
            .RequireRateLimiting(PlacementLimit.Policy)
            .WithMetadata(new RequestSizeLimitAttribute(64 << 10)) // here, not for the whole service: events come in bulk
            .Takes(KnownParameter.Key)
            .MayAnswer(KnownProblem.Unreadable, KnownProblem.TooLarge, KnownProblem.NotJson, PlaceOrder.KeyOfAnotherOrder);
        orders.MapPost("/batch", PlaceOrders.HandleAsync).WithName("PlaceBatch").WithSummary("Places up to 1,000 orders, each of which is answered by itself.")
            .RequireRateLimiting(PlacementLimit.Policy)
            .WithMetadata(new RequestSizeLimitAttribute(PlaceOrders.LargestBody))
            .Takes(KnownParameter.BatchKey)
            .MayAnswer(PlaceOrders.Unreadable, PlaceOrders.TooLarge, KnownProblem.NotJson);
        orders.MapGet("/", ListOrders.HandleAsync).WithName("ListOrders").WithSummary("Lists orders, newest first.")
            .Takes(Status, KnownParameter.Limit, KnownParameter.Cursor);
        orders.MapGet("/{id}", GetOrder.HandleAsync).WithName("GetOrder").WithSummary("Reads an order, or waits until it is settled.")
            .Takes(Id, KnownParameter.Wait).MayAnswer(KnownProblem.NotFound);
    }
}
