using DaprOrders.InventoryService.Data;
using DaprOrders.Messaging;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.InventoryService.Stock;

internal static class StockEndpoints
{
    public static void MapStock(this IEndpointRouteBuilder app)
    {
        var inventory = app.MapGroup("/inventory").WithTags("inventory").RequireAuthorization(AccessPolicies.Gateway)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status500InternalServerError)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        inventory.MapGet("/", ListAsync).WithName("ListStock");
        inventory.MapGet("/{itemId}", GetAsync).WithName("GetStock")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>Lists the stock of all items, by item.</summary>
    /// <param name="limit" example="10">The largest number of items of the page. Without it, 50.</param>
    /// <param name="cursor" example="item-123">The value of next in the previous page. Without it, the first page.</param>
    internal static async Task<Ok<Page<StockView>>> ListAsync(
        PageLimit? limit, StockCursor? cursor, InventoryDbContext db, CancellationToken cancellationToken)
    {
        var size = limit?.Value ?? PageLimit.Default;
        var after = cursor?.ItemId;
        var items = await db.Stock.AsNoTracking()
            .Where(item => after == null || string.Compare(item.ItemId, after) > 0)
            .OrderBy(item => item.ItemId)
            .Take(size + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(items, size, StockView.Of, item => item.ItemId));
    }

    /// <summary>Reads the stock of an item.</summary>
    /// <param name="itemId" example="item-123">The item.</param>
    internal static async Task<Results<Ok<StockView>, NotFound>> GetAsync(
        ItemId itemId, InventoryDbContext db, CancellationToken cancellationToken) =>
        await db.Stock.AsNoTracking().SingleOrDefaultAsync(item => item.ItemId == itemId.Value, cancellationToken) is { } item
            ? TypedResults.Ok(StockView.Of(item))
            : TypedResults.NotFound();
}
