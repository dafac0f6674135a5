using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace DaprOrders.OrderService.Data.Migrations
{
    /// <inheritdoc />
    public partial class FinalSchema : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "pk_outbox",
                table: "outbox");

            migrationBuilder.DropIndex(
                name: "ix_outbox_id",
                table: "outbox");

            migrationBuilder.DropIndex(
                name: "ix_outbox_refused",
                table: "outbox");

            migrationBuilder.DropIndex(
                name: "ix_dead_letters_direction_topic_event_id",
                table: "dead_letters");

            migrationBuilder.RenameColumn(
                name: "event",
                table: "dead_letters",
                newName: "body");

            migrationBuilder.AlterColumn<int>(
                name: "attempts",
                table: "outbox",
                type: "integer",
                nullable: false,
                defaultValue: 0,
                oldClrType: typeof(int),
                oldType: "integer");

            migrationBuilder.AddColumn<string>(
                name: "owner",
                table: "orders",
                type: "character varying(255)",
                maxLength: 255,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AlterColumn<string>(
                name: "idempotency_key",
                table: "orders",
                type: "character varying(511)",
                maxLength: 511,
                nullable: true,
                oldClrType: typeof(string),
                oldType: "character varying(255)",
                oldMaxLength: 255,
                oldNullable: true);

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

            migrationBuilder.AddPrimaryKey(
                name: "pk_outbox",
                table: "outbox",
                column: "id");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_position",
                table: "outbox",
                column: "position");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_topic_key_position",
                table: "outbox",
                columns: new[] { "topic", "key", "position" });

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
            migrationBuilder.DropPrimaryKey(
                name: "pk_outbox",
                table: "outbox");

            migrationBuilder.DropIndex(
                name: "ix_outbox_position",
                table: "outbox");

            migrationBuilder.DropIndex(
                name: "ix_outbox_topic_key_position",
                table: "outbox");

            migrationBuilder.DropIndex(
                name: "ix_dead_letters_event",
                table: "dead_letters");

            migrationBuilder.AlterColumn<string>(
                name: "idempotency_key",
                table: "orders",
                type: "character varying(255)",
                maxLength: 255,
                nullable: true,
                oldClrType: typeof(string),
                oldType: "character varying(511)",
                oldMaxLength: 511,
                oldNullable: true);

            migrationBuilder.DropColumn(
                name: "owner",
                table: "orders");

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

            migrationBuilder.AlterColumn<int>(
                name: "attempts",
                table: "outbox",
                type: "integer",
                nullable: false,
                oldClrType: typeof(int),
                oldType: "integer",
                oldDefaultValue: 0);

            migrationBuilder.AddPrimaryKey(
                name: "pk_outbox",
                table: "outbox",
                column: "position");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_id",
                table: "outbox",
                column: "id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_outbox_refused",
                table: "outbox",
                column: "key",
                filter: "attempts > 0");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_direction_topic_event_id",
                table: "dead_letters",
                columns: new[] { "direction", "topic", "event_id" },
                unique: true);
        }
    }
}
