using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.Messaging;

/// <summary>One event of a bulk delivery, unread: each entry is read alone, so that a bad one does not affect the others.</summary>
internal sealed record BulkEntry(string EntryId, JsonElement Event)
{
    public byte[] Bytes => Encoding.UTF8.GetBytes(Event.ValueKind is JsonValueKind.Undefined ? "" : Event.GetRawText());
}

/// <summary>The status of one entry in the response.</summary>
internal sealed record BulkStatus(
    [property: JsonPropertyName("entryId")] string EntryId, [property: JsonPropertyName("status")] string Status);

/// <summary>Reads what the sidecar posts to a bulk subscription, and writes the response: one status per entry.</summary>
/// <seealso href="https://docs.dapr.io/developing-applications/building-blocks/pubsub/pubsub-bulk/"/>
internal static class BulkDelivery
{
    public const string Success = "SUCCESS";
    public const string Retry = "RETRY";

    /// <summary>Reads the envelope leniently.</summary>
    /// <returns>The entries, or null if the body is not a bulk envelope.</returns>
    public static async Task<List<BulkEntry>?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(request.Body, JsonSerializerOptions.Default, cancellationToken);
            return Entries(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static IResult Respond(IEnumerable<BulkStatus> statuses) =>
        TypedResults.Json(new BulkResponse(statuses), JsonSerializerOptions.Web);

    private static List<BulkEntry>? Entries(JsonElement body)
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
