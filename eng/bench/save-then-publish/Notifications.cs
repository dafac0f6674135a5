using Microsoft.EntityFrameworkCore;

namespace DaprOrders.SaveThenPublish;

internal sealed class Notification
{
    public Guid Id { get; set; }

    public Guid OrderId { get; set; }

    public required string Outcome { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

internal sealed class NotificationDbContext(DbContextOptions<NotificationDbContext> options) : DbContext(options)
{
    public DbSet<Notification> Notifications => Set<Notification>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.HasDefaultSchema(Tables.Schema);
}

internal static class Notifications
{
    public static void MapNotifications(this WebApplication app) =>
        app.MapPost("/inventory-updated", NotifyAsync).WithTopic(Wire.PubSub, "inventory.updated");

    private static async Task<IResult> NotifyAsync(InventoryUpdated message, NotificationDbContext db)
    {
        db.Notifications.Add(new Notification { OrderId = message.OrderId, Outcome = message.Outcome, CreatedAt = DateTimeOffset.UtcNow });
        await db.SaveChangesAsync();
        return Results.Ok();
    }
}
