using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using NJsonSchema;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>The schemas of contracts/events, by topic.</summary>
internal static class EventSchemas
{
    private static readonly ConcurrentDictionary<string, JsonSchema?> Schemas = new();

    /// <summary>Says what is wrong with the data of an event; nothing when it is as the schema wants it.</summary>
    public static IReadOnlyList<string> Validate(string topic, JsonNode? data) =>
        Schemas.GetOrAdd(topic, Read) is { } schema
            ? [.. schema.Validate(data?.ToJsonString() ?? "null").Select(error => $"{error.Path}: {error.Kind}")]
            : ["there is no schema for this topic"];

    public static IReadOnlyList<string> Validate(JsonObject schema, JsonNode? data) =>
        [.. Parse(schema.ToJsonString()).Validate(data?.ToJsonString() ?? "null").Select(error => $"{error.Path}: {error.Kind}")];

    private static JsonSchema? Read(string topic) =>
        ContractFiles.Topics().Contains(topic) ? Parse(ContractFiles.Schema(topic).ToJsonString()) : null;

    private static JsonSchema Parse(string json) => JsonSchema.FromJsonAsync(json).GetAwaiter().GetResult();
}
