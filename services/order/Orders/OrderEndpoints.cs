using DaprOrders.Messaging;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.OrderService.Orders;

internal static class OrderEndpoints
{
    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders").WithTags("orders").RequireAuthorization(AccessPolicies.Gateway)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status500InternalServerError)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        orders.MapPost("/", PlaceOrder.HandleAsync).WithName("PlaceOrder")
            .RequireRateLimiting(PlacementLimit.Policy)
            .WithMetadata(new RequestSizeLimitAttribute(64 << 10)) // not for the whole service, since events come in batches
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        orders.MapPost("/batch", PlaceOrders.HandleAsync).WithName("PlaceBatch")
            .RequireRateLimiting(PlacementLimit.Policy)
            .WithMetadata(new RequestSizeLimitAttribute(512 << 10))
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        orders.MapPost("/group", PlaceGroup.HandleAsync).WithName("PlaceGroup")
            .RequireRateLimiting(PlacementLimit.Policy)
            .WithMetadata(new RequestSizeLimitAttribute(512 << 10))
            .ExcludeFromDescription(); // for the gateway only
        orders.MapGet("/", ListOrders.HandleAsync).WithName("ListOrders");
        orders.MapGet("/{id}", GetOrder.HandleAsync).WithName("GetOrder")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }
}
