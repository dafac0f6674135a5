using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Takes out of answers and deliveries what differs from run to run.</summary>
internal static partial class Mask
{
    private static readonly HashSet<string> VolatileHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Content-Length", "Transfer-Encoding", "Server", "Date", "Connection", "__offset", "__partition", "__timestamp",
    };

    /// <param name="kept">A text whose traces are not random, because the publisher set them.</param>
    public static string Text(string text, string kept = "")
    {
        text = Guids().Replace(text, "<guid>");
        text = Times().Replace(text, "<time>");
        text = Traces().Replace(text, match => kept.Contains(match.Value) ? match.Value : "<trace>");
        text = GoTexts().Replace(text, "<go>");
        text = Sizes().Replace(text, "Bytes: <size>");
        text = Places().Replace(text, "\"$1\":\"<n>\"");
        return Addresses().Replace(text, "<address>");
    }

    /// <summary>Undoes what a log line escapes.</summary>
    public static string GoText(string text) => text.Replace("\\\"", "\"");

    /// <summary>Finds the line that an error about a file names, or null.</summary>
    public static string? LineIn(string text) => Lines().Match(text) is { Success: true } line ? line.Groups[1].Value : null;

    /// <summary>Gives the headers that stay the same, names in lower case, one line each.</summary>
    public static string Headers(IEnumerable<KeyValuePair<string, string>> headers, string kept = "") => string.Join('\n', headers
        .Where(header => !VolatileHeaders.Contains(header.Key))
        .Select(header => $"{header.Key.ToLowerInvariant()}: {Hosts().Replace(Text(header.Value, kept), "<host>")}")
        .Order(StringComparer.Ordinal)).Replace("x-forwarded-host: vm", "x-forwarded-host: <host>")
        .Replace("x-forwarded-host: " + Environment.MachineName, "x-forwarded-host: <host>");

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Guids();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")]
    private static partial Regex Times();

    [GeneratedRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")]
    private static partial Regex Traces();

    [GeneratedRegex(@"line (\d+)")]
    private static partial Regex Lines();

    // From Go's own libraries.
    [GeneratedRegex("""unexpected EOF|\bEOF\b|unexpected end of JSON input|invalid character [^"\\]*|json: cannot unmarshal [^"\\]*|illegal base64 data[^"\\]*""")]
    private static partial Regex GoTexts();

    [GeneratedRegex(@"Bytes: \d+")]
    private static partial Regex Sizes();

    [GeneratedRegex("\"(__offset|__partition|__timestamp)\":\"\\d+\"")]
    private static partial Regex Places();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Addresses();

    [GeneratedRegex(@"(?<=host=)\S+$")]
    private static partial Regex Hosts();
}
