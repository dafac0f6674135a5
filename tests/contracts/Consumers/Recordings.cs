using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>Reads the recorded responses of the real Dapr runtime (tests/recordings).</summary>
internal static class Recordings
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "recordings", "dapr-1.18.3");

    public static JsonObject Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, $"{file}.json")))!.AsObject();

    public static HttpMessage ResponseOf(JsonNode recorded)
    {
        var response = recorded["response"]!;
        var headers = response["headers"]!.AsObject()
            .Where(header => header.Key is "Content-Type" or "Location")
            .ToDictionary(header => header.Key, header => (string)header.Value!);
        return new HttpMessage(null, null, (int)response["status"]!, headers, response["body"]!.DeepClone());
    }

    /// <summary>
    /// Returns the file and the name of each recording that has a response and meets the condition. Of recordings with identical responses it
    /// returns only the first, because a client cannot tell them apart.
    /// </summary>
    public static TheoryData<string, string> Cases(IEnumerable<string> files, Func<JsonNode, bool> condition) =>
        new(files.SelectMany(file => Read(file)
                .Where(recording => recording.Value?["response"] is JsonObject && condition(recording.Value))
                .Select(recording => (File: file, Name: recording.Key, Response: recording.Value!["response"]!.ToJsonString())))
            .DistinctBy(recording => recording.Response)
            .Select(recording => (recording.File, recording.Name)));

    /// <summary>Returns the ids of the entries that were published. The recorder truncated long bodies, in which the ids are 1 and 2.</summary>
    public static IReadOnlyList<string> EntryIds(JsonNode recorded) =>
        recorded["request"]!["body"] is JsonValue body && body.GetValueKind() is JsonValueKind.String && TryParse((string)body!) is JsonArray entries
            ? [.. entries.Select(entry => (string?)entry?["entryId"] ?? "")]
            : ["1", "2"];

    private static JsonNode? TryParse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null; // truncated by the recorder
        }
    }
}
