using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace DaprOrders.Messaging;

/// <summary>The body of an incoming dead letter, with the values that identify it.</summary>
/// <param name="Topic">The topic in the CloudEvent; empty if it cannot be read.</param>
/// <param name="Source">The CloudEvent source; empty if it cannot be read.</param>
/// <param name="EventId">The CloudEvent id; empty if it cannot be read.</param>
/// <param name="DataHash">The SHA-256 hash of the data, or of the whole body if the data cannot be read.</param>
/// <param name="Body">The bytes of the event.</param>
internal sealed record DeadLetterRecord(string Topic, string Source, string EventId, byte[] DataHash, byte[] Body)
{
    private const int MaxLength = 255;

    /// <summary>Reads the body. It does not have to be a valid CloudEvent.</summary>
    public static DeadLetterRecord Read(byte[] body)
    {
        try
        {
            var envelope = JsonSerializer.Deserialize<JsonElement>(body, EventJson.Delivery);
            var data = envelope.ValueKind is JsonValueKind.Object && envelope.TryGetProperty("data", out var found)
                ? JsonMarshal.GetRawUtf8Value(found)
                : body;
            return new DeadLetterRecord(GetText(envelope, "topic"), GetText(envelope, "source"), GetText(envelope, "id"), SHA256.HashData(data), body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new DeadLetterRecord("", "", "", SHA256.HashData(body), body);
        }
    }

    /// <summary>Makes a text fit into its column.</summary>
    public static string FitColumn(string? text) => DeadLetterStore.ToStorable(Truncate(DeadLetterStore.ToStorable(text ?? "")));

    private static string GetText(JsonElement envelope, string attribute) => FitColumn(CloudEvent.GetText(envelope, attribute));

    private static string Truncate(string text) => text.Length <= MaxLength ? text : text[..MaxLength];
}
