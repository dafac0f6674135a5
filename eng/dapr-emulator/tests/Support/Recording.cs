using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>What the real runtime answered and did, by file and case.</summary>
internal static partial class Recording
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "dapr");

    public static JsonObject File(string name) =>
        JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(Folder, "dapr-1.18.3", name + ".json")))!.AsObject();

    public static JsonObject Case(string file, string name) => File(file)[name]!.AsObject();

    /// <summary>Gives the request of a case its whole body back, where the recording has cut it.</summary>
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
            var text = Whole(value!.GetValue<string>());
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
        _ => System.Text.Encoding.UTF8.GetBytes(Whole(body.GetValue<string>())),
    };

    public static Dictionary<string, string> Headers(JsonNode? headers) =>
        headers is null ? [] : headers.AsObject().ToDictionary(entry => entry.Key, entry => entry.Value!.GetValue<string>());

    /// <summary>Gets what is there of a text that was cut; null of one that is whole.</summary>
    public static string? Beginning(string text) => Cut().Match(text) is { Success: true } cut ? cut.Groups[1].Value : null;

    // What was cut out of a request was more of its last letter; what it ended with is what its beginning left open.
    private static string Whole(string text)
    {
        if (Cut().Match(text) is not { Success: true } cut)
        {
            return text;
        }

        var beginning = cut.Groups[1].Value;
        var entries = beginning.StartsWith('[');
        var end = entries ? "\", \"contentType\": \"application/json\"}, {\"entryId\": \"3\", \"event\": {\"n\": 3}, \"contentType\": \"application/json\"}]"
            : beginning.StartsWith('"') ? "\"" : "";
        return beginning + new string(beginning[^1], int.Parse(cut.Groups[2].Value) - beginning.Length - end.Length) + end;
    }

    [GeneratedRegex(@"^(.*)\.\.\. \((\d+) characters\)$", RegexOptions.Singleline)]
    private static partial Regex Cut();

    public static string Compact(JsonNode? node) => node?.ToJsonString(JsonSerializerOptions.Default) ?? "";
}
