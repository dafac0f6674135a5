using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace DaprOrders.NotificationService.Data.Migrations
{
    /// <inheritdoc />
    public partial class NotificationList : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_notifications_created_at_id",
                table: "notifications",
                columns: new[] { "created_at", "id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_notifications_created_at_id",
                table: "notifications");
        }
    }
}
