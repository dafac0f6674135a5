using Microsoft.EntityFrameworkCore;

namespace DaprOrders.InventoryService.Stock;

/// <summary>
/// Stock for development: <c>item-1</c> to <c>item-1000</c> with plenty of units, but only three of <c>item-100</c>, to try <c>out_of_stock</c>. It is
/// added with the migrations, and changes no item that is there.
/// </summary>
internal static class DevelopmentStock
{
    private const int Items = 1000;
    private const int Plenty = 1_000_000;

    public static DbContextOptionsBuilder UseDevelopmentStock(this DbContextOptionsBuilder options, IHostEnvironment environment) =>
        environment.IsDevelopment() ? options.UseAsyncSeeding(SeedAsync) : options;

    private static async Task SeedAsync(DbContext db, bool isSchemaNew, CancellationToken cancellationToken)
    {
        var present = await db.Set<StockItem>().Select(item => item.ItemId).ToHashSetAsync(cancellationToken);
        db.AddRange(Enumerable.Range(1, Items)
            .Select(number => Item($"item-{number}", number == 100 ? 3 : Plenty))
            .Where(item => !present.Contains(item.ItemId)));
        await db.SaveChangesAsync(cancellationToken);
    }

    private static StockItem Item(string id, int units) => new() { ItemId = id, Initial = units, Available = units };
}
