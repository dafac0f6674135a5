using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>Stores dead letters. If the same event is already a dead letter, adds its attempts to the existing row.</summary>
internal static class DeadLetterStore
{
    public const string Incoming = "in";
    public const string Outgoing = "out";

    private static readonly string InsertIncoming = Insert("'in', {0}, {1}, {2}, {3}, {4}, {5}, {6}");
    private static readonly string InsertOutgoing = Insert("'out', $1, $2, $3, $4, $5, $6, $7");

    public static Task StoreIncomingAsync(
        DbContext db, string topic, DeadLetterRecord record, string reason, int attempts, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlRawAsync(
            InsertIncoming,
            [topic, record.Source, record.EventId, record.DataHash, record.Body, ToStorable(reason), attempts],
            cancellationToken);

    public static async Task StoreOutgoingAsync(NpgsqlConnection connection, OutboxRow row, string reason, CancellationToken cancellationToken)
    {
        await using var insert = new NpgsqlCommand(InsertOutgoing, connection)
        {
            Parameters =
            {
                new() { Value = row.Topic },
                new() { Value = "" },
                new() { Value = row.Id.ToString() },
                new() { Value = SHA256.HashData(row.Data) },
                new() { Value = DaprBulkPublisher.ToBytes(row) },
                new() { Value = ToStorable(reason) },
                new() { Value = row.Attempts + 1 },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Replaces what PostgreSQL cannot store as text: NUL characters, and halves of surrogate pairs.</summary>
    public static string ToStorable(string text) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace("\0", "\\0", StringComparison.Ordinal);

    private static string Insert(string values) =>
        $"""
        INSERT INTO dead_letters (direction, topic, source, event_id, data_hash, body, reason, attempts)
        VALUES ({values})
        ON CONFLICT (direction, topic, source, event_id, data_hash) DO UPDATE
        SET attempts = dead_letters.attempts + excluded.attempts, reason = excluded.reason, last_at = now()
        """;
}
