using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>What the real runtime answered: tests/recordings.</summary>
internal static class Recordings
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "recordings", "dapr-1.18.3");

    public static JsonObject Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, $"{file}.json")))!.AsObject();

    public static HttpMessage Answer(JsonNode recorded)
    {
        var response = recorded["response"]!;
        var headers = response["headers"]!.AsObject()
            .Where(header => header.Key is "Content-Type" or "Location")
            .ToDictionary(header => header.Key, header => (string)header.Value!);
        return new HttpMessage(null, null, (int)response["status"]!, headers, response["body"]!.DeepClone());
    }

    /// <summary>
    /// The cases of some files that have a request and an answer, by file and name. Of those whose answers are the same, byte for byte, only the
    /// first: whoever is answered cannot tell them apart.
    /// </summary>
    public static TheoryData<string, string> Cases(IEnumerable<string> files, Func<JsonNode, bool> condition) =>
        new(files.SelectMany(file => Read(file)
                .Where(one => one.Value?["response"] is JsonObject && condition(one.Value))
                .Select(one => (File: file, Name: one.Key, Answer: one.Value!["response"]!.ToJsonString())))
            .DistinctBy(one => one.Answer)
            .Select(one => (one.File, one.Name)));

    /// <summary>The ids of the entries that were published. The recorder cut long bodies off; the ids in them are 1 and 2.</summary>
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
            return null; // cut off by the recorder
        }
    }
}
