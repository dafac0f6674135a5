using System.Text.Json;

namespace DaprOrders.EndToEnd.Tests.Traces;

/// <summary>A span that the dashboard has received.</summary>
internal sealed record Span(
    string Service, string Source, string Name, string TraceId, string Id, string? ParentId, IReadOnlyList<(string TraceId, string SpanId)> Links,
    IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>Gets whether the span is one of this project: a request of a client, or one that the project's own sources created.</summary>
    public bool IsOwn =>
        Source.StartsWith("DaprOrders.", StringComparison.Ordinal)
        || (Source == "Microsoft.AspNetCore" && Attributes.GetValueOrDefault("http.route") is { } route && !route.StartsWith("/events/", StringComparison.Ordinal));

    /// <summary>Reads the spans of a response of the dashboard's telemetry API, which has the format of OTLP.</summary>
    public static List<Span> Read(JsonElement response) =>
    [
        .. from resource in Items(response.GetProperty("data"), "resourceSpans")
           let service = ReadAttributes(resource.GetProperty("resource"))["service.name"]
           from scope in Items(resource, "scopeSpans")
           let source = Text(scope.GetProperty("scope"), "name")
           from span in Items(scope, "spans")
           select new Span(
               service, source ?? "", Text(span, "name")!, Text(span, "traceId")!, Text(span, "spanId")!, Text(span, "parentSpanId") is { Length: > 0 } parent ? parent : null,
               [.. Items(span, "links").Select(link => (Text(link, "traceId")!, Text(link, "spanId")!))],
               ReadAttributes(span)),
    ];

    private static JsonElement.ArrayEnumerator Items(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var items) && items.ValueKind is JsonValueKind.Array ? items.EnumerateArray() : default;

    private static string? Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static Dictionary<string, string> ReadAttributes(JsonElement parent) => Items(parent, "attributes")
        .GroupBy(attribute => Text(attribute, "key")!)
        .ToDictionary(same => same.Key, same => same.Last().GetProperty("value").EnumerateObject().Select(value => $"{value.Value}").FirstOrDefault(""));
}
