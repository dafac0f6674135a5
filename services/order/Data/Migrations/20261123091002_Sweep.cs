using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace DaprOrders.OrderService.Data.Migrations
{
    /// <inheritdoc />
    public partial class Sweep : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "next_sweep_at",
                table: "orders",
                type: "timestamp with time zone",
                nullable: false,
                defaultValue: new DateTimeOffset(new DateTime(1, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified), new TimeSpan(0, 0, 0, 0, 0)));

            migrationBuilder.AddColumn<int>(
                name: "sweeps",
                table: "orders",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateIndex(
                name: "ix_orders_next_sweep_at",
                table: "orders",
                column: "next_sweep_at",
                filter: "status = 'pending'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_orders_next_sweep_at",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "next_sweep_at",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "sweeps",
                table: "orders");
        }
    }
}
