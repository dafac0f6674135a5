using Microsoft.EntityFrameworkCore;

namespace DaprOrders.InventoryService.Stock;

/// <summary>
/// Something to order while developing: <c>item-1</c> to <c>item-1000</c>, plenty of each but three of <c>item-100</c>, for trying
/// <c>out_of_stock</c>. It runs with the migrations and changes nothing that is there.
/// </summary>
internal static class DevelopmentStock
{
    private const string Insert =
        """
        INSERT INTO stock (item_id, initial, available)
        SELECT 'item-' || n, quantity, quantity
        FROM generate_series(1, 1000) n, LATERAL (SELECT CASE n WHEN 100 THEN 3 ELSE 1000000 END) q (quantity)
        ON CONFLICT (item_id) DO NOTHING
        """;

    public static void Seed(DbContextOptionsBuilder options) =>
        options.UseAsyncSeeding((db, _, cancellationToken) => db.Database.ExecuteSqlRawAsync(Insert, cancellationToken));
}
