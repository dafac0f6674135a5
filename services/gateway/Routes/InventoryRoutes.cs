using DaprOrders.Gateway.Access;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Routes;

internal static class InventoryRoutes
{
    public static void MapInventory(this IEndpointRouteBuilder app)
    {
        var inventory = app.MapGroup("/inventory").WithTags("inventory").RequireAuthorization(Scopes.OrdersRead).ProducesGatewayProblems();
        inventory.MapGet("/", ListAsync).WithName("ListStock").Produces<Page<StockView>>();
        inventory.MapGet("/{itemId}", GetAsync).WithName("GetStock").Produces<StockView>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>Lists the stock of all items, by item.</summary>
    /// <param name="limit" example="10">The largest number of items of the page. Without it, 50.</param>
    /// <param name="cursor" example="item-123">The value of next in the previous page. Without it, the first page.</param>
    internal static Task<IResult> ListAsync(
        PageLimit? limit, string? cursor, HttpRequest request, InventoryClient inventory, CancellationToken cancellationToken) =>
        inventory.ForwardAsync("inventory", request, cancellationToken);

    /// <summary>Reads the stock of an item.</summary>
    /// <param name="itemId" example="item-123">The item.</param>
    internal static async Task<IResult> GetAsync(ItemId itemId, InventoryClient inventory, CancellationToken cancellationToken) =>
        new ForwardedResult(await inventory.GetAsync($"inventory/{itemId.Value}", cancellationToken));
}
