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

    /// <summary>Reads the entries; returns null if the body is not a bulk delivery.</summary>
    public static async Task<List<BulkEntry>?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(request.Body, EventJson.Delivery, cancellationToken);
            return ReadEntries(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static IResult Respond(IEnumerable<BulkStatus> statuses) =>
        TypedResults.Json(new BulkResponse(statuses), JsonSerializerOptions.Web);

    private static List<BulkEntry>? ReadEntries(JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object
            || !body.TryGetProperty("entries", out var list) || list.ValueKind is not JsonValueKind.Array)
        {
            return null;
        }

        var entries = new List<BulkEntry>(list.GetArrayLength());
        foreach (var entry in list.EnumerateArray())
        {
            if (entry.ValueKind is not JsonValueKind.Object
                || !entry.TryGetProperty("entryId", out var id) || id.ValueKind is not JsonValueKind.String)
            {
                return null;
            }

            entries.Add(new BulkEntry(id.GetString()!, entry.TryGetProperty("event", out var message) ? message : default));
        }

        return entries;
    }

    private sealed record BulkResponse([property: JsonPropertyName("statuses")] IEnumerable<BulkStatus> Statuses);
}
