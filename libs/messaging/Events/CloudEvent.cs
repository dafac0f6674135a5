using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text.Json;

namespace DaprOrders.Messaging;

/// <summary>An event that was read from a CloudEvent.</summary>
/// <param name="Id">The CloudEvent id.</param>
/// <param name="TraceParent">The W3C traceparent; null if the event has no valid one.</param>
/// <param name="Message">The data.</param>
internal sealed record ReceivedEvent<TEvent>(string Id, string? TraceParent, TEvent Message);

/// <summary>Reads and validates CloudEvents.</summary>
internal static class CloudEvent
{
    /// <summary>The type of an event whose publisher names none. Dapr adds it.</summary>
    private const string DefaultType = "com.dapr.event.sent";

    /// <summary>
    /// Reads the event and validates it by the attributes of its type; returns null and the reason if it is unreadable or invalid. Never throws,
    /// because an exception would fail the whole delivery, which Dapr then repeats indefinitely.
    /// </summary>
    public static ReceivedEvent<TEvent>? Read<TEvent>(JsonElement envelope, out string reason)
        where TEvent : IEvent
    {
        try
        {
            return TryRead<TEvent>(envelope, out reason);
        }
        catch (Exception e) // for example a string with half a surrogate pair, which .NET finds only when it reads the string
        {
            reason = $"the event does not match {typeof(TEvent).Name}: {e.Message}";
            return null;
        }
    }

    private static ReceivedEvent<TEvent>? TryRead<TEvent>(JsonElement envelope, out string reason)
        where TEvent : IEvent
    {
        if (GetText(envelope, "id") is not { Length: > 0 } id)
        {
            reason = "not a CloudEvent: 'id' is missing or not a string";
            return null;
        }

        if (envelope.TryGetProperty("type", out var type) && !type.ValueEquals(TEvent.Topic) && !type.ValueEquals(DefaultType))
        {
            reason = $"'type' of the CloudEvent is not {TEvent.Topic}";
            return null;
        }

        if (!envelope.TryGetProperty("data", out var data) || data.ValueKind is not JsonValueKind.Object)
        {
            reason = "'data' of the CloudEvent is missing or not a JSON object";
            return null;
        }

        var message = data.Deserialize<TEvent>(EventJson.Options)!;
        var errors = new List<ValidationResult>();
        var isValid = Validator.TryValidateObject(message, new ValidationContext(message), errors, validateAllProperties: true);
        reason = isValid ? "" : string.Join(' ', errors.Select(error => error.ErrorMessage));
        return isValid ? new ReceivedEvent<TEvent>(id, GetTraceParent(envelope), message) : null;
    }

    /// <summary>Returns a string attribute; null if it is missing or has another type.</summary>
    public static string? GetText(JsonElement envelope, string attribute) =>
        envelope.ValueKind is JsonValueKind.Object && envelope.TryGetProperty(attribute, out var value) && value.ValueKind is JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Returns the traceparent; null if it is invalid. Without a trace Dapr sends an empty one, or one that contains only zeros.</summary>
    public static string? GetTraceParent(JsonElement envelope)
    {
        try
        {
            return GetText(envelope, "traceparent") is { } text && ActivityContext.TryParse(text, null, out _) ? text : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair
        }
    }
}
