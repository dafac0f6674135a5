using Microsoft.EntityFrameworkCore;

namespace DaprOrders.SaveThenPublish;

internal sealed class StockItem
{
    public required string ItemId { get; set; }

    public int Initial { get; set; }

    public int Available { get; set; }

    public uint Version { get; set; }
}

internal sealed class InventoryDbContext(DbContextOptions<InventoryDbContext> options) : DbContext(options)
{
    public DbSet<StockItem> Stock => Set<StockItem>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Tables.Schema);
        modelBuilder.Entity<StockItem>().HasKey(item => item.ItemId);
        modelBuilder.Entity<StockItem>().Property(item => item.Version).IsRowVersion(); // PostgreSQL's xmin
    }
}

internal static class Inventory
{
    public static void MapInventory(this WebApplication app) =>
        app.MapPost("/order-created", ReserveAsync).WithTopic(Wire.PubSub, "order.created");

    public static async Task AddStockAsync(this WebApplication app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<InventoryDbContext>();
        if (!await db.Stock.AnyAsync())
        {
            db.Stock.AddRange(Enumerable.Range(1, 1000).Select(n => new StockItem { ItemId = $"item-{n}", Initial = 1_000_000, Available = 1_000_000 }));
            await db.SaveChangesAsync();
        }
    }

    private static async Task<IResult> ReserveAsync(
        OrderCreated message, InventoryDbContext db, HttpClient dapr)
    {
        var item = await db.Stock.FindAsync([message.ItemId]);
        var reason = item is null ? "unknown_item" : item.Available < message.Quantity ? "out_of_stock" : null;
        if (reason is null)
        {
            item!.Available -= message.Quantity;
            try
            {
                await db.SaveChangesAsync();
            }
            catch (DbUpdateConcurrencyException)
            {
                return Results.StatusCode(500); // another order reserved the same item at the same time, so Dapr redelivers this event
            }
        }

        var outcome = reason is null ? "reserved" : "rejected";
        await dapr.PublishAsync(
            "inventory.updated",
            new InventoryUpdated(
                message.OrderId, message.ItemId, message.Quantity, outcome, reason, item?.Available ?? 0, DateTimeOffset.UtcNow));
        return Results.Ok();
    }
}
