using System.Text.Json;

namespace DaprOrders.Messaging;

/// <summary>An event with the id of its CloudEvent.</summary>
internal sealed record ReceivedEvent<TEvent>(string Id, TEvent Message);

/// <summary>Reads a CloudEvent strictly.</summary>
internal static class CloudEvent
{
    /// <returns>The event, or null with the reason why it is invalid.</returns>
    public static ReceivedEvent<TEvent>? Read<TEvent>(JsonElement envelope, out string reason)
    {
        reason = "";
        if (IdOf(envelope) is not { } id)
        {
            reason = "this is no CloudEvent: it has no \"id\" that is a text";
            return null;
        }

        if (!envelope.TryGetProperty("data", out var data) || data.ValueKind is not JsonValueKind.Object)
        {
            reason = "the CloudEvent has no \"data\" that is a JSON object";
            return null;
        }

        try
        {
            return new ReceivedEvent<TEvent>(id, data.Deserialize<TEvent>(EventJson.Options)!);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException or InvalidOperationException)
        {
            reason = $"the data does not fit {typeof(TEvent).Name}: {e.Message}";
            return null;
        }
    }

    public static string? IdOf(JsonElement envelope) =>
        envelope.ValueKind is JsonValueKind.Object && envelope.TryGetProperty("id", out var id)
        && id.ValueKind is JsonValueKind.String && id.GetString() is { Length: > 0 } text
            ? text
            : null;
}
