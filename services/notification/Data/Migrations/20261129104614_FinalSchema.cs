using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace DaprOrders.NotificationService.Data.Migrations
{
    /// <inheritdoc />
    public partial class FinalSchema : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_dead_letters_direction_topic_event_id",
                table: "dead_letters");

            migrationBuilder.RenameColumn(
                name: "event",
                table: "dead_letters",
                newName: "body");

            migrationBuilder.AddColumn<byte[]>(
                name: "data_hash",
                table: "dead_letters",
                type: "bytea",
                nullable: true);

            // The rows that are there get the hash of the whole record.
            migrationBuilder.Sql("UPDATE dead_letters SET data_hash = sha256(body)");
            migrationBuilder.Sql("ALTER TABLE dead_letters ALTER COLUMN data_hash SET NOT NULL");

            migrationBuilder.AddColumn<string>(
                name: "source",
                table: "dead_letters",
                type: "character varying(255)",
                maxLength: 255,
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_event",
                table: "dead_letters",
                columns: new[] { "direction", "topic", "source", "event_id", "data_hash" },
                unique: true);

            migrationBuilder.SetDatabaseDefaults();
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_dead_letters_event",
                table: "dead_letters");

            migrationBuilder.DropColumn(
                name: "data_hash",
                table: "dead_letters");

            migrationBuilder.DropColumn(
                name: "source",
                table: "dead_letters");

            migrationBuilder.RenameColumn(
                name: "body",
                table: "dead_letters",
                newName: "event");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_direction_topic_event_id",
                table: "dead_letters",
                columns: new[] { "direction", "topic", "event_id" },
                unique: true);
        }
    }
}
