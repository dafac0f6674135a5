using Microsoft.EntityFrameworkCore;

namespace DaprOrders.SaveThenPublish;

internal sealed class Order
{
    public Guid Id { get; set; }

    public required string ItemId { get; set; }

    public int Quantity { get; set; }

    public required string Status { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

internal sealed class OrderDbContext(DbContextOptions<OrderDbContext> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.HasDefaultSchema(Tables.Schema);
}

internal static class Orders
{
    public static void MapOrders(this WebApplication app)
    {
        app.MapPost("/orders", PlaceAsync);
        app.MapPost("/inventory-updated", SettleAsync).WithTopic(Wire.PubSub, "inventory.updated");
    }

    private static async Task<IResult> PlaceAsync(PlaceOrder request, OrderDbContext db, HttpClient dapr)
    {
        if (string.IsNullOrEmpty(request.ItemId) || request.Quantity < 1)
        {
            return Results.BadRequest();
        }

        var order = new Order { ItemId = request.ItemId, Quantity = request.Quantity, Status = "pending", CreatedAt = DateTimeOffset.UtcNow };
        db.Orders.Add(order);
        await db.SaveChangesAsync();

        // If the process ends between these two lines, the event is lost and the order stays pending.
        await dapr.PublishAsync("order.created", new OrderCreated(order.Id, order.ItemId, order.Quantity, order.CreatedAt));

        return Results.Created($"/orders/{order.Id}", new OrderView(order.Id, order.ItemId, order.Quantity, order.Status, order.CreatedAt));
    }

    private static async Task<IResult> SettleAsync(InventoryUpdated message, OrderDbContext db)
    {
        if (await db.Orders.FindAsync([message.OrderId]) is { } order)
        {
            order.Status = message.Outcome == "reserved" ? "confirmed" : "rejected";
            await db.SaveChangesAsync();
        }

        return Results.Ok();
    }
}
