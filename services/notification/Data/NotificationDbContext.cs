using DaprOrders.Messaging;
using DaprOrders.NotificationService.Notifications;
using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.NotificationService.Data;

/// <summary>The database <c>notification_db</c>.</summary>
internal sealed class NotificationDbContext(DbContextOptions<NotificationDbContext> options) : DbContext(options)
{
    public DbSet<Notification> Notifications => Set<Notification>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddDeadLetters();
        modelBuilder.Entity<Notification>(notification =>
        {
            notification.Property(n => n.Outcome).HasSnakeCaseConversion();
            notification.Property(n => n.Reason).HasMaxLength(64);
            notification.Property(n => n.ItemId).HasMaxLength(64);
            notification.HasIndex(n => new { n.OrderId, n.Outcome }).IsUnique();
        });
    }
}
