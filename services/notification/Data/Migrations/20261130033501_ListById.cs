using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace DaprOrders.NotificationService.Data.Migrations
{
    /// <inheritdoc />
    public partial class ListById : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndexConcurrently("ix_notifications_created_at_id"); // the primary key serves the list
            migrationBuilder.SetDatabaseDefaults();
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            migrationBuilder.CreateIndexConcurrently("ix_notifications_created_at_id", "notifications", "created_at, id");
    }
}
