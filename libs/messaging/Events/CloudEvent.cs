using System.Diagnostics;
using System.Text.Json;

namespace DaprOrders.Messaging;

/// <summary>An event that was read.</summary>
/// <param name="Id">The CloudEvent id.</param>
/// <param name="TraceParent">Its W3C traceparent; null if it has no valid one.</param>
/// <param name="Message">The data as this service declares it.</param>
internal sealed record ReceivedEvent<TEvent>(string Id, string? TraceParent, TEvent Message);

/// <summary>Reads CloudEvents strictly.</summary>
internal static class CloudEvent
{
    /// <returns>The event, or null with the reason why it cannot be read.</returns>
    public static ReceivedEvent<TEvent>? Read<TEvent>(JsonElement envelope, out string reason)
    {
        reason = "";
        if (GetText(envelope, "id") is not { Length: > 0 } id)
        {
            reason = "not a CloudEvent: it has no text 'id'";
            return null;
        }

        if (!envelope.TryGetProperty("data", out var data) || data.ValueKind is not JsonValueKind.Object)
        {
            reason = "the CloudEvent has no JSON object 'data'";
            return null;
        }

        try
        {
            return new ReceivedEvent<TEvent>(id, GetTraceParent(envelope), data.Deserialize<TEvent>(EventJson.Options)!);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException or InvalidOperationException)
        {
            reason = $"the data does not match {typeof(TEvent).Name}: {e.Message}";
            return null;
        }
    }

    /// <summary>Returns an attribute that is a text; null if it is absent or something else.</summary>
    public static string? GetText(JsonElement envelope, string attribute) =>
        envelope.ValueKind is JsonValueKind.Object && envelope.TryGetProperty(attribute, out var value) && value.ValueKind is JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Returns the traceparent. The runtime writes an empty one, or one of zeros, where there is no trace.</summary>
    private static string? GetTraceParent(JsonElement envelope) =>
        GetText(envelope, "traceparent") is { } text && ActivityContext.TryParse(text, null, out _) ? text : null;
}
