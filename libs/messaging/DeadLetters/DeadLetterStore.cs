using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>The SQL of <c>dead_letters</c>.</summary>
internal static class DeadLetterStore
{
    public const string Incoming = "in";
    public const string Outgoing = "out";

    private static readonly string UpsertIncoming = Upsert("'in', {0}, {1}, {2}, {3}, {4}");
    private static readonly string UpsertOutgoing = Upsert("'out', $1, $2, $3, $4, $5");

    /// <summary>Names the dead letter by the event's id, or by its bytes where that is absent or would not fit the column.</summary>
    public static string IdOf(string? eventId, ReadOnlySpan<byte> body) =>
        eventId is { Length: > 0 and <= 255 } && !eventId.Contains('\0', StringComparison.Ordinal)
            ? eventId
            : Convert.ToHexStringLower(SHA256.HashData(body));

    public static Task StoreIncomingAsync(
        DbContext db, string topic, string eventId, byte[] body, string reason, int attempts, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlRawAsync(UpsertIncoming, [topic, eventId, body, Printable(reason), attempts], cancellationToken);

    public static async Task StoreOutgoingAsync(
        NpgsqlConnection connection, OutboxRow row, string reason, CancellationToken cancellationToken)
    {
        await using var insert = new NpgsqlCommand(UpsertOutgoing, connection)
        {
            Parameters =
            {
                new() { Value = row.Topic },
                new() { Value = row.Id.ToString() },
                new() { Value = BulkPublishEntry.ToBytes(row) },
                new() { Value = Printable(reason) },
                new() { Value = row.Attempts + 1 },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Which of the events are held as dead letters: they are not handled again until they are redriven.</summary>
    public static async Task<HashSet<string>> HeldAsync(
        DbContext db, string topic, IReadOnlyCollection<string> eventIds, CancellationToken cancellationToken) =>
        await db.Set<DeadLetter>()
            .Where(letter => letter.Direction == Incoming && letter.Topic == topic && eventIds.Contains(letter.EventId))
            .Select(letter => letter.EventId)
            .ToHashSetAsync(cancellationToken);

    private static string Upsert(string values) =>
        $"""
        INSERT INTO dead_letters (direction, topic, event_id, event, reason, attempts)
        VALUES ({values})
        ON CONFLICT (direction, topic, event_id) DO UPDATE
        SET attempts = dead_letters.attempts + excluded.attempts, reason = excluded.reason, last_at = now()
        """;

    /// <summary>PostgreSQL's text holds no NUL.</summary>
    public static string Printable(string reason) => reason.Replace("\0", "\\0", StringComparison.Ordinal);
}
