using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Events;
using WireMock.Logging;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>An event that a service published, alone or in bulk.</summary>
internal sealed record PublishedEvent(string Topic, JsonNode? Data, IReadOnlyDictionary<string, string> Metadata)
{
    private const string Bulk = "/v1.0/publish/bulk/pubsub/";
    private const string Single = "/v1.0/publish/pubsub/";

    public string? Id => Metadata.GetValueOrDefault("cloudevent.id");

    public string? OrderId => (string?)Data?["order_id"];

    public static IReadOnlyList<PublishedEvent> Of(IEnumerable<ILogEntry> requests) => [.. requests.SelectMany(Of)];

    /// <summary>Returns how the event violates the contract.</summary>
    public IEnumerable<string> Violations()
    {
        foreach (var violation in EventSchemas.Validate(Topic, Data))
        {
            yield return $"{Topic}: {violation}";
        }

        if (!Guid.TryParse(Id, out _))
        {
            yield return $"{Topic}: cloudevent.id must be a UUID, not '{Id}'";
        }

        if (Metadata.GetValueOrDefault("cloudevent.type") != Topic)
        {
            yield return $"{Topic}: cloudevent.type must be the topic, not '{Metadata.GetValueOrDefault("cloudevent.type")}'";
        }

        if (Metadata.GetValueOrDefault("partitionKey") != OrderId)
        {
            yield return $"{Topic}: partitionKey must be the order's id, not '{Metadata.GetValueOrDefault("partitionKey")}'";
        }
    }

    private static IEnumerable<PublishedEvent> Of(ILogEntry entry)
    {
        var request = entry.RequestMessage!;
        if (request.Path.StartsWith(Bulk, StringComparison.Ordinal))
        {
            return JsonNode.Parse(request.Body!)!.AsArray().Select(item => new PublishedEvent(
                request.Path[Bulk.Length..],
                item!["event"],
                (item["metadata"]?.AsObject() ?? []).ToDictionary(field => field.Key, field => (string)field.Value!)));
        }

        return request.Path.StartsWith(Single, StringComparison.Ordinal)
            ? [new PublishedEvent(
                request.Path[Single.Length..],
                JsonNode.Parse(request.Body!),
                (request.Query ?? new Dictionary<string, WireMock.Types.WireMockList<string>>())
                    .Where(field => field.Key.StartsWith("metadata.", StringComparison.Ordinal))
                    .ToDictionary(field => field.Key["metadata.".Length..], field => field.Value.Single()))]
            : [];
    }
}
