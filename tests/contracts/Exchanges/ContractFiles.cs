using System.Text.Json.Nodes;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Exchanges;

/// <summary>Reads the files of contracts/ in the repository.</summary>
internal static class ContractFiles
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "contracts");

    public static JsonObject Read(params string[] path) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine([Folder, .. path])))!.AsObject();

    /// <summary>Reads an example: a CloudEvent or a bulk delivery, as Dapr delivers it.</summary>
    public static JsonObject Example(string name) => Read("events", "examples", $"{name}.json");

    public static IEnumerable<string> Examples() => Names(Path.Combine("events", "examples"), ".json");

    public static IEnumerable<string> Topics() => Names("events", ".schema.json");

    public static JsonObject Schema(string topic) => Read("events", $"{topic}.schema.json");

    private static IEnumerable<string> Names(string folder, string suffix) => Directory
        .GetFiles(Path.Combine(Folder, folder), $"*{suffix}")
        .Select(file => Path.GetFileName(file)[..^suffix.Length])
        .Order(StringComparer.Ordinal);
}
