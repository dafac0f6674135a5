using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.Messaging;

/// <summary>One entry of a bulk delivery. Its event is read later, so that an unreadable event does not affect the other entries.</summary>
internal sealed record BulkEntry(string EntryId, JsonElement Event)
{
    public byte[] Bytes => Event.ValueKind is JsonValueKind.Undefined ? [] : JsonMarshal.GetRawUtf8Value(Event).ToArray();
}

/// <summary>The status of one entry in the response to a bulk delivery.</summary>
internal sealed record BulkStatus(
    [property: JsonPropertyName("entryId")] string EntryId, [property: JsonPropertyName("status")] string Status);

/// <summary>Reads the bulk deliveries of the sidecar and creates the responses.</summary>
/// <seealso href="https://docs.dapr.io/developing-applications/building-blocks/pubsub/pubsub-bulk/"/>
internal static class BulkDelivery
{
    public const string Success = "SUCCESS";
    public const string Retry = "RETRY";

    /// <summary>Parses the body; returns null if it is not JSON. The entries are valid until the document is disposed.</summary>
    public static async Task<JsonDocument?> ParseAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonDocument.ParseAsync(request.Body, EventJson.Document, cancellationToken);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads the entries; returns null if the body is not a bulk delivery.</summary>
    public static List<BulkEntry>? ReadEntries(JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object
            || !body.TryGetProperty("entries", out var list) || list.ValueKind is not JsonValueKind.Array)
        {
            return null;
        }

        return [.. list.EnumerateArray().Select(ReadEntry)];
    }

    public static IResult Respond(IEnumerable<BulkStatus> statuses) =>
        TypedResults.Json(new BulkResponse(statuses), JsonSerializerOptions.Web);

    /// <summary>Reads an entry, whatever it is. One that is no object, or has no id, becomes a dead letter and affects no other.</summary>
    private static BulkEntry ReadEntry(JsonElement entry) => entry.ValueKind is JsonValueKind.Object
        ? new BulkEntry(Find(entry, "entryId"u8) is { ValueKind: not JsonValueKind.Undefined } id ? GetText(id) : "", Find(entry, "event"u8))
        : new BulkEntry("", entry);

    /// <summary>
    /// Finds a field that the sidecar has added. It compares the bytes, because TryGetProperty throws if any name contains half a surrogate pair.
    /// </summary>
    private static JsonElement Find(JsonElement entry, ReadOnlySpan<byte> name)
    {
        JsonElement found = default;
        foreach (var field in entry.EnumerateObject())
        {
            if (JsonMarshal.GetRawUtf8PropertyName(field).SequenceEqual(name))
            {
                found = field.Value; // the last one counts, as in System.Text.Json
            }
        }

        return found;
    }

    private static string GetText(JsonElement id)
    {
        try
        {
            return id.ValueKind is JsonValueKind.String ? id.GetString()! : id.GetRawText();
        }
        catch (InvalidOperationException)
        {
            return ""; // half a surrogate pair
        }
    }

    private sealed record BulkResponse([property: JsonPropertyName("statuses")] IEnumerable<BulkStatus> Statuses);
}
