using DaprOrders.InventoryService.Reservations;
using DaprOrders.InventoryService.Stock;
using DaprOrders.Messaging;
using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.InventoryService.Data;

/// <summary>The database <c>inventory_db</c>.</summary>
internal sealed class InventoryDbContext(DbContextOptions<InventoryDbContext> options) : DbContext(options)
{
    public DbSet<StockItem> Stock => Set<StockItem>();

    public DbSet<Reservation> Reservations => Set<Reservation>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddOutbox();
        modelBuilder.AddDeadLetters();
        modelBuilder.Entity<StockItem>(item =>
        {
            item.ToTable("stock", table => table.HasCheckConstraint("ck_stock_available", "available >= 0"));
            item.HasKey(i => i.ItemId);
            item.Property(i => i.ItemId).HasMaxLength(64);
            item.HasStorageParameter("fillfactor", 50); // rows are updated often: leave space for the new version on the same page
        });
        modelBuilder.Entity<Reservation>(reservation =>
        {
            reservation.HasKey(r => r.OrderId);
            reservation.Property(r => r.ItemId).HasMaxLength(64);
            reservation.Property(r => r.Outcome).HasSnakeCaseConversion();
            reservation.Property(r => r.Reason).HasSnakeCaseConversion();
        });
    }
}
