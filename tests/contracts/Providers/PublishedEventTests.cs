using System.Text;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Testing;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>The suite itself: a service that publishes what the contract forbids fails every test that it is part of.</summary>
public sealed class PublishedEventTests
{
    private const string Topic = "order.created";

    public static TheoryData<string, string> Mistakes => new()
    {
        { "\"quantity\":1", "\"quantity\":0" },
        { "\"quantity\":1", "\"quantity\":\"1\"" },
        { "\"item_id\":", "\"itemId\":" },
        { "\"cloudevent.id\":\"", "\"cloudevent.id\":\"no-" },
        { "\"cloudevent.type\":\"order.created\"", "\"cloudevent.type\":\"com.dapr.event.sent\"" },
        { "\"partitionKey\":\"", "\"partitionKey\":\"no-" },
        { "/bulk/pubsub/order.created", "/bulk/pubsub/orders.created" },
    };

    [Fact]
    public async Task An_event_by_the_contract_passes_whichever_way_it_is_published()
    {
        using var sidecar = new SidecarStub();
        await using var provider = new Provider(new HttpClient(), sidecar, () => ValueTask.CompletedTask);

        await PublishInBulkAsync(sidecar, "", "");
        var data = ContractFiles.Example(Topic)["data"]!;
        await PostAsync(
            sidecar,
            $"/v1.0/publish/pubsub/{Topic}?metadata.cloudevent.id={data["order_id"]}&metadata.cloudevent.type={Topic}&metadata.partitionKey={data["order_id"]}",
            data.ToJsonString());

        Assert.Equal(2, provider.Published().Count);
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_in_an_event_fails_the_test(string from, string to)
    {
        using var sidecar = new SidecarStub();
        var provider = new Provider(new HttpClient(), sidecar, () => ValueTask.CompletedTask);

        await PublishInBulkAsync(sidecar, from, to);

        await Assert.ThrowsAnyAsync<Exception>(async () => await provider.DisposeAsync());
    }

    private static Task PublishInBulkAsync(SidecarStub sidecar, string from, string to)
    {
        var data = ContractFiles.Example(Topic)["data"]!;
        var metadata = new JsonObject { ["cloudevent.id"] = $"{data["order_id"]}", ["cloudevent.type"] = Topic, ["partitionKey"] = $"{data["order_id"]}" };
        var body = new JsonArray(new JsonObject { ["entryId"] = "1", ["event"] = data.DeepClone(), ["contentType"] = "application/json", ["metadata"] = metadata });
        var (path, text) = ($"/v1.0/publish/bulk/pubsub/{Topic}", body.ToJsonString());
        Assert.True(from.Length == 0 || path.Contains(from, StringComparison.Ordinal) || text.Contains(from, StringComparison.Ordinal), $"there is no {from}");
        return from.Length == 0
            ? PostAsync(sidecar, path, text)
            : PostAsync(sidecar, path.Replace(from, to, StringComparison.Ordinal), text.Replace(from, to, StringComparison.Ordinal));
    }

    private static async Task PostAsync(SidecarStub sidecar, string path, string body)
    {
        using var client = new HttpClient();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri(sidecar.Url + path), content, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
