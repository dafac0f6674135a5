using DaprOrders.Messaging;
using DaprOrders.OrderService.Orders;
using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Data;

/// <summary>The database <c>orders_db</c>.</summary>
internal sealed class OrderDbContext(DbContextOptions<OrderDbContext> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddOutbox();
        modelBuilder.AddDeadLetters();
        modelBuilder.Entity<Order>(order =>
        {
            order.Property(o => o.Owner).HasMaxLength(255);
            order.Property(o => o.ItemId).HasMaxLength(64);
            order.Property(o => o.Status).HasSnakeCaseConversion().IsConcurrencyToken(); // of two outcomes the first one counts
            order.Property(o => o.Reason).HasMaxLength(64);
            order.Property(o => o.IdempotencyKey).HasMaxLength(511); // with the owner
            order.Property(o => o.TraceParent).HasMaxLength(55);
            order.HasIndex(o => o.IdempotencyKey).IsUnique();
            order.HasIndex(o => o.NextSweepAt).HasFilter("status = 'pending'"); // only what the sweep looks for
            order.HasIndex(o => new { o.Owner, o.Id }); // the list, also of confirmed orders, since nearly all are
            order.HasIndex(o => new { o.Owner, o.Id }, "rejected").HasDatabaseName("ix_orders_rejected").HasFilter("status = 'rejected'");

            // The id is first: PostgreSQL may use this index to settle an order, and would read all of it if the owner were first.
            order.HasIndex(o => new { o.Id, o.Owner }, "pending").HasDatabaseName("ix_orders_pending").HasFilter("status = 'pending'");
        });
    }
}
