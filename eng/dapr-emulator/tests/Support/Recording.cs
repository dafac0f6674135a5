using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Reads the recordings of Dapr by file and case.</summary>
internal static partial class Recording
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "dapr");

    public static JsonObject File(string name) =>
        JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(Folder, "dapr-1.18.3", name + ".json")))!.AsObject();

    public static JsonObject Case(string file, string name) => File(file)[name]!.AsObject();

    /// <summary>Creates the request of a case. Restores the whole body if the recording has truncated it.</summary>
    public static HttpRequestMessage Request(JsonNode request, string baseAddress)
    {
        var message = new HttpRequestMessage(
            new HttpMethod(request["method"]!.GetValue<string>()),
            new Uri(baseAddress + request["path"]!.GetValue<string>(), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        var body = Body(request["body"]);
        if (body.Length > 0)
        {
            message.Content = new ByteArrayContent(body);
        }

        foreach (var (name, value) in request["headers"]!.AsObject())
        {
            var text = Restore(value!.GetValue<string>());
            if (!message.Headers.TryAddWithoutValidation(name, text))
            {
                message.Content ??= new ByteArrayContent([]);
                message.Content.Headers.TryAddWithoutValidation(name, text);
            }
        }

        return message;
    }

    public static byte[] Body(JsonNode? body) => body switch
    {
        null => [],
        JsonObject bytes => Convert.FromBase64String(bytes["base64"]!.GetValue<string>()),
        _ => Encoding.UTF8.GetBytes(Restore(body.GetValue<string>())),
    };

    public static Dictionary<string, string> Headers(JsonNode? headers) =>
        headers is null ? [] : headers.AsObject().ToDictionary(entry => entry.Key, entry => entry.Value!.GetValue<string>());

    /// <summary>Returns the recorded beginning of a truncated text, or null if the text is complete.</summary>
    public static string? TruncatedPrefix(string text) => Truncated().Match(text) is { Success: true } match ? match.Groups[1].Value : null;

    // All truncated texts end with a repeated character. Repeat it, and then add the end that the JSON needs.
    private static string Restore(string text)
    {
        if (Truncated().Match(text) is not { Success: true } match)
        {
            return text;
        }

        var prefix = match.Groups[1].Value;
        var end = prefix[0] switch
        {
            '[' => "\", \"contentType\": \"application/json\"}, {\"entryId\": \"3\", \"event\": {\"n\": 3}, \"contentType\": \"application/json\"}]",
            '"' => "\"",
            _ => "",
        };
        return prefix + new string(prefix[^1], int.Parse(match.Groups[2].Value) - prefix.Length - end.Length) + end;
    }

    [GeneratedRegex(@"^(.*)\.\.\. \((\d+) characters\)$", RegexOptions.Singleline)]
    private static partial Regex Truncated();
}
