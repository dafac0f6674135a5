using DaprOrders.InventoryService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.InventoryService.Stock;

internal static class StockEndpoints
{
    public static void MapStock(this IEndpointRouteBuilder app) =>
        app.MapGet("/inventory/{itemId}", GetAsync).WithName("GetStock").WithSummary("Reads how much of an item is left.");

    private static async Task<Results<Ok<StockView>, NotFound>> GetAsync(
        string itemId, InventoryDbContext db, CancellationToken cancellationToken) =>
        await db.Stock.AsNoTracking().SingleOrDefaultAsync(item => item.ItemId == itemId, cancellationToken) is { } item
            ? TypedResults.Ok(new StockView(item.ItemId, item.Initial, item.Available))
            : TypedResults.NotFound();

    private sealed record StockView(string ItemId, int Initial, int Available);
}
