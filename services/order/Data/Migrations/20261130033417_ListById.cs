using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace DaprOrders.OrderService.Data.Migrations
{
    /// <inheritdoc />
    public partial class ListById : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndexConcurrently("ix_orders_owner_id", "orders", "owner, id");
            migrationBuilder.CreateIndexConcurrently("ix_orders_pending", "orders", "id, owner", filter: "status = 'pending'");
            migrationBuilder.CreateIndexConcurrently("ix_orders_rejected", "orders", "owner, id", filter: "status = 'rejected'");
            migrationBuilder.DropIndexConcurrently("ix_orders_created_at_id");
            migrationBuilder.DropIndexConcurrently("ix_orders_status_created_at_id");

            // Unreleased versions have changed these.
            migrationBuilder.DropIndexConcurrently("ix_orders_owner_created_at_id");
            migrationBuilder.DropIndexConcurrently("ix_orders_owner_status_created_at_id");
            migrationBuilder.Sql("ALTER TABLE orders ALTER COLUMN idempotency_key TYPE varchar(511)");
            migrationBuilder.Sql("UPDATE orders SET idempotency_key = owner || chr(9) || idempotency_key WHERE owner <> '' AND position(chr(9) IN idempotency_key) = 0");
            migrationBuilder.CreateIndexConcurrently("ix_orders_idempotency_key", "orders", "idempotency_key", isUnique: true);
            migrationBuilder.DropIndexConcurrently("ix_orders_owner_idempotency_key");
            migrationBuilder.SetDatabaseDefaults();
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndexConcurrently("ix_orders_created_at_id", "orders", "created_at, id");
            migrationBuilder.CreateIndexConcurrently("ix_orders_status_created_at_id", "orders", "status, created_at, id");
            migrationBuilder.DropIndexConcurrently("ix_orders_owner_id");
            migrationBuilder.DropIndexConcurrently("ix_orders_pending");
            migrationBuilder.DropIndexConcurrently("ix_orders_rejected");
        }
    }
}
