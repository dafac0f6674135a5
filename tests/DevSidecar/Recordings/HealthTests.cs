using System.Text.Json.Nodes;
using DaprOrders.DevSidecar.Tests.Support;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>health.json, metadata.json, startup.json, shutdown.json and tokens.json.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private readonly TestHost _host = new();
    private readonly TestApp _app = new(TimeProvider.System);

    public static TheoryData<string> Tokens => Recording.Cases("tokens", "invoke_adds_app_token");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Before_the_app_listens_the_sidecar_is_ready_to_publish_and_not_ready_as_a_whole()
    {
        _host.AddSetup("mem.yaml");
        using var ports = new RunFile.FreePorts();
        await using var sidecar = _host.Create("probe", ports.Next());
        await sidecar.StartAsync();

        foreach (var name in (string[])["healthz_before_app_listens", "outbound_before_app_listens", "publish_before_app_listens"])
        {
            await AssertAsync(_host, sidecar, Recording.Case("health", name));
        }
    }

    [Fact]
    public async Task With_its_app_it_is_ready_for_its_own_app_id()
    {
        await _app.StartAsync();
        var sidecar = await _host.StartAsync("probe", _app.Port);

        await AssertAsync(_host, sidecar, Recording.Case("health", "healthz_ready"));
        await AssertAsync(_host, sidecar, Recording.Case("health", "healthz_other_app_id"));
    }

    [Fact]
    public async Task The_metadata_list_components_subscriptions_and_what_was_put_there()
    {
        _host.AddSetup("kafkadlq.yaml", "mem.yaml", "pubsub.yaml", "redis.yaml", "resiliency.yaml", "scoped.yaml");
        _app.Subscriptions = new Reply(200, Recording.Case("startup", "calls_to_app")["calls"]![1]!["answer"]!["body"]!.GetValue<string>());
        await _app.StartAsync();
        var sidecar = await _host.StartAsync("probe", _app.Port);

        var actual = JsonNode.Parse(await _host.GetAsync(sidecar, "/v1.0/metadata"))!.AsObject();
        var expected = JsonNode.Parse(Recording.Case("metadata", "get")["response"]!["body"]!.GetValue<string>())!.AsObject();
        expected["appConnectionProperties"]!["port"] = _app.Port;
        // The runtime lists components in any order.
        Assert.Equal(Sorted(expected["components"]!), Sorted(actual["components"]!));
        expected.Remove("components");
        actual.Remove("components");
        Assert.Equal(expected.ToJsonString(), actual.ToJsonString());

        await AssertAsync(_host, sidecar, Recording.Case("metadata", "put"));
        Assert.Contains("\"hello\":\"world\"", await _host.GetAsync(sidecar, "/v1.0/metadata"));
    }

    [Fact]
    public async Task The_app_is_asked_for_its_configuration_and_then_once_for_its_subscriptions()
    {
        _host.AddSetup("pubsub.yaml");
        await _app.StartAsync();
        await _host.StartAsync("probe", _app.Port);

        var recorded = Recording.Case("startup", "calls_to_app")["calls"]!.AsArray();
        Assert.Equal(
            recorded.Select(call => $"{call!["method"]} {call["path"]}\n{Mask.Headers(Recording.Headers(call["headers"]))}"),
            _app.Calls.Select(call => $"{call.Method} {call.Path}\n{Mask.Headers(call.Headers)}"));
    }

    [Fact]
    public async Task A_shutdown_is_answered_and_then_asked_for()
    {
        var sidecar = await _host.StartAsync("probe");

        await AssertAsync(_host, sidecar, Recording.Case("shutdown", "shutdown"));

        await sidecar.ShutdownRequested.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public async Task Calls_need_the_token_that_the_sidecar_has(string name)
    {
        await using var host = new TestHost(apiToken: "secret", appToken: "appsecret");
        host.AddSetup("mem.yaml");
        var sidecar = await host.StartAsync("tok");

        await AssertAsync(host, sidecar, Recording.Case("tokens", name));
    }

    [Fact]
    public async Task The_app_gets_its_own_token_with_every_call()
    {
        await using var host = new TestHost(apiToken: "secret", appToken: "appsecret");
        await _app.StartAsync();
        var sidecar = await host.StartAsync("tok", _app.Port);

        await AssertAsync(host, sidecar, Recording.Case("tokens", "invoke_adds_app_token"));

        Assert.All(_app.Calls, call => Assert.Equal("appsecret", call.Headers["dapr-api-token"]));
    }

    private static async Task AssertAsync(TestHost host, Hosting.Sidecar sidecar, JsonObject recorded)
    {
        using var request = Recording.Request(recorded["request"]!, TestHost.AddressOf(sidecar));
        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(recorded["response"]!["status"]!.GetValue<int>(), (int)answer.StatusCode);
        Assert.Equal(recorded["response"]!["body"]!.GetValue<string>(), await answer.Content.ReadAsStringAsync());
        Assert.Equal(Mask.Headers(Recording.Headers(recorded["response"]!["headers"])), Mask.Headers(Answers.Headers(answer)));
    }

    private static IEnumerable<string> Sorted(JsonNode array) => array.AsArray().Select(node => node!.ToJsonString()).Order(StringComparer.Ordinal);
}
