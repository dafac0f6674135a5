using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace DaprOrders.OrderService.Data.Migrations
{
    /// <inheritdoc />
    public partial class ListByOwner : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_orders_created_at_id",
                table: "orders");

            migrationBuilder.DropIndex(
                name: "ix_orders_status_created_at_id",
                table: "orders");

            migrationBuilder.CreateIndex(
                name: "ix_orders_owner_created_at_id",
                table: "orders",
                columns: new[] { "owner", "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_orders_owner_status_created_at_id",
                table: "orders",
                columns: new[] { "owner", "status", "created_at", "id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_orders_owner_created_at_id",
                table: "orders");

            migrationBuilder.DropIndex(
                name: "ix_orders_owner_status_created_at_id",
                table: "orders");

            migrationBuilder.CreateIndex(
                name: "ix_orders_created_at_id",
                table: "orders",
                columns: new[] { "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_orders_status_created_at_id",
                table: "orders",
                columns: new[] { "status", "created_at", "id" });
        }
    }
}
