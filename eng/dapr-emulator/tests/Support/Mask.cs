using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Makes recorded and actual texts comparable. Normalizes JSON and replaces values that differ from run to run.</summary>
internal static partial class Mask
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly HashSet<string> VolatileHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Content-Length", "Transfer-Encoding", "Server", "Date", "Connection", "__offset", "__partition", "__timestamp",
    };

    /// <param name="publishedTraces">A text with the traces that the publisher set. They are not replaced.</param>
    public static string Text(string text, string publishedTraces = "")
    {
        text = Guids().Replace(ByValue(text), "<guid>");
        text = Times().Replace(text, "<time>");
        text = Traces().Replace(text, match => publishedTraces.Contains(match.Value) ? match.Value : "<trace>");
        text = GoMessages().Replace(text, "<go>");
        text = Sizes().Replace(text, "Bytes: <size>");
        text = RecordPositions().Replace(text, "\"$1\":\"<n>\"");
        return Addresses().Replace(text, "<address>");
    }

    /// <summary>Returns the headers that do not differ from run to run, one per line, with names in lowercase.</summary>
    public static string Headers(IEnumerable<KeyValuePair<string, string>> headers, string publishedTraces = "") => string.Join('\n', headers
        .Where(header => !VolatileHeaders.Contains(header.Key))
        .Select(header => $"{header.Key.ToLowerInvariant()}: {Hosts().Replace(Text(header.Value, publishedTraces), "<host>")}")
        .Order(StringComparer.Ordinal)).Replace("x-forwarded-host: vm", "x-forwarded-host: <host>")
        .Replace("x-forwarded-host: " + Environment.MachineName, "x-forwarded-host: <host>");

    /// <summary>Writes JSON with sorted names and as few escapes as possible. Returns other text unchanged.</summary>
    public static string ByValue(string text)
    {
        if (text is not ['{' or '[', ..])
        {
            return text;
        }

        try
        {
            return Sorted(JsonNode.Parse(text))!.ToJsonString(Relaxed);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject properties => new JsonObject(properties
            .OrderBy(property => property.Key, StringComparer.Ordinal).Select(property => KeyValuePair.Create(property.Key, Sorted(property.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Guids();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")]
    private static partial Regex Times();

    [GeneratedRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")]
    private static partial Regex Traces();

    // Error texts of Go's libraries.
    [GeneratedRegex("""unexpected EOF|\bEOF\b|unexpected end of JSON input|invalid character [^"\\]*|json: cannot unmarshal [^"\\]*|illegal base64 data[^"\\]*""")]
    private static partial Regex GoMessages();

    [GeneratedRegex(@"Bytes: \d+")]
    private static partial Regex Sizes();

    [GeneratedRegex("\"(__offset|__partition|__timestamp)\":\"\\d+\"")]
    private static partial Regex RecordPositions();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Addresses();

    [GeneratedRegex(@"(?<=host=)\S+$")]
    private static partial Regex Hosts();
}
