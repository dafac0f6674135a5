using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using NJsonSchema;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>Validates data with the schemas of contracts/events.</summary>
internal static class EventSchemas
{
    private static readonly ConcurrentDictionary<string, JsonSchema?> Schemas = new();

    /// <summary>Returns the errors in the data of an event. The list is empty if the data is valid.</summary>
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
