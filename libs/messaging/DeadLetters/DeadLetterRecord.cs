using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DaprOrders.Messaging;

/// <summary>What identifies a dead letter, and its bytes.</summary>
/// <param name="Source">The CloudEvent source; empty if it cannot be read.</param>
/// <param name="EventId">The CloudEvent id; empty if it cannot be read.</param>
/// <param name="DataHash">The SHA-256 hash of the data, or of all bytes if the data cannot be read.</param>
/// <param name="Body">All bytes.</param>
internal sealed record DeadLetterRecord(string Source, string EventId, byte[] DataHash, byte[] Body)
{
    private const int MaxLength = 255;

    /// <summary>Reads as much of a CloudEvent as there is.</summary>
    public static DeadLetterRecord Read(byte[] body)
    {
        try
        {
            var envelope = JsonSerializer.Deserialize<JsonElement>(body);
            var data = envelope.ValueKind is JsonValueKind.Object && envelope.TryGetProperty("data", out var found)
                ? Encoding.UTF8.GetBytes(found.GetRawText())
                : body;
            return new DeadLetterRecord(
                FitColumn(CloudEvent.GetText(envelope, "source")), FitColumn(CloudEvent.GetText(envelope, "id")), SHA256.HashData(data), body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new DeadLetterRecord("", "", SHA256.HashData(body), body);
        }
    }

    /// <summary>Returns a text that fits the column: PostgreSQL's text has no NUL.</summary>
    private static string FitColumn(string? text)
    {
        var printable = DeadLetterStore.EscapeNul(text ?? "");
        return printable.Length <= MaxLength ? printable : printable[..MaxLength];
    }
}
