extern alias order;

using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Testing;
using WireMock;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>
/// Tests the relay with every recorded response of the real runtime to a publish (tests/recordings). Events that were not accepted are
/// republished unchanged. Events that were accepted are not republished.
/// </summary>
public sealed class RelayTests(Implementations implementations)
{
    private const string Topic = "order.created";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Responses => Recordings.Cases(
        ["publish", "bulk_publish", "broker_outage"], recorded => ((string?)recorded["request"]?["path"])?.Contains("/publish", StringComparison.Ordinal) == true);

    [Theory]
    [MemberData(nameof(Responses))]
    public async Task No_response_to_a_publish_loses_or_changes_an_event(string file, string name)
    {
        await using var service = await implementations.StartOrderServiceAsync(("Messaging:PollInterval", "00:00:00.010"));
        var recorded = Recordings.Read(file)[name]!;
        RespondOnce(service.Sidecar, Recordings.ResponseOf(recorded), Recordings.EntryIds(recorded));
        using var client = service.CreateClient();

        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await PutIntoOutboxAsync(service, first, second);
        HashSet<Guid> republished = (int)recorded["response"]!["status"]! is 204 ? [] : [first, second];
        var calls = await CallsUntilAsync(service, calls => calls.Count >= 1 && republished.IsSubsetOf(Ids(calls.Skip(1))));

        // The relay publishes one batch at a time: when a later event is published, the result for the earlier ones is committed.
        var last = Guid.CreateVersion7();
        await PutIntoOutboxAsync(service, last);
        calls = await CallsUntilAsync(service, calls => Ids(calls).Contains(last));

        Assert.Equal([first, second], Ids(calls.Take(1)));
        Assert.Equal(republished, Ids(calls.Skip(1)).Where(id => id != last).ToHashSet());
        Assert.Equal(0, await service.QueryAsync<long>($"SELECT count(*) FROM outbox WHERE id IN ('{first}', '{second}')"));
        Assert.Equal(0, await service.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
        Assert.Single(calls.SelectMany(call => call).Where(entry => Id(entry) == first).Select(entry => entry!.ToJsonString()).Distinct());
    }

    private static void RespondOnce(SidecarStub sidecar, HttpMessage message, IReadOnlyList<string> recordedIds)
    {
        var response = Response.Create().WithStatusCode(message.Status).WithBody(request => WithIdsOf(request, message.Content ?? "", recordedIds));
        foreach (var (name, value) in message.Headers)
        {
            response = response.WithHeader(name, value);
        }

        sidecar.Server.Given(Bulk()).InScenario("recorded").WillSetStateTo("passing").AtPriority(1).RespondWith(response);
    }

    /// <summary>Replaces the recorded entry ids with the actual ones.</summary>
    private static string WithIdsOf(IRequestMessage request, string body, IReadOnlyList<string> recordedIds)
    {
        var ids = JsonNode.Parse(request.Body!)!.AsArray().Select(entry => (string)entry!["entryId"]!).ToList();
        return recordedIds.Zip(ids).Aggregate(body, (text, pair) =>
            text.Replace($"\"entryId\":\"{pair.First}\"", $"\"entryId\":\"{pair.Second}\"", StringComparison.Ordinal));
    }

    private static IRequestBuilder Bulk() => Request.Create().UsingPost().WithPath($"/v1.0/publish/bulk/pubsub/{Topic}");

    /// <summary>Adds events in one statement, so that the relay finds all or none.</summary>
    private static async Task PutIntoOutboxAsync(ServiceHost<order::Program> service, params Guid[] ids)
    {
        var data = ContractFiles.Example("order.created")["data"]!.ToJsonString();
        await using var insert = service.Database.CreateCommand(
            "INSERT INTO outbox (id, topic, key, data) SELECT id, $1, id::text, $2::json FROM unnest($3) WITH ORDINALITY AS new (id, n) ORDER BY n");
        insert.Parameters.Add(new() { Value = Topic });
        insert.Parameters.Add(new() { Value = data });
        insert.Parameters.Add(new() { Value = ids });
        await insert.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<List<JsonArray>> CallsUntilAsync(ServiceHost<order::Program> service, Func<List<JsonArray>, bool> condition)
    {
        List<JsonArray> calls = [];
        await service.Sidecar.UntilAsync(requests =>
        {
            calls = [.. requests.Where(request => request.RequestMessage?.Path.StartsWith("/v1.0/publish/", StringComparison.Ordinal) == true)
                .Select(request => JsonNode.Parse(request.RequestMessage!.Body!)!.AsArray())];
            return condition(calls);
        });
        return calls;
    }

    private static List<Guid> Ids(IEnumerable<JsonArray> calls) => [.. calls.SelectMany(call => call).Select(Id)];

    private static Guid Id(JsonNode? entry) => Guid.Parse((string)entry!["metadata"]!["cloudevent.id"]!);
}
