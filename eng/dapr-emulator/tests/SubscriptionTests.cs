using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using NewRecord = DaprOrders.DaprEmulator.Broker.NewRecord;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Tests subscriptions, deliveries and components in cases that the recordings do not contain.</summary>
public sealed class SubscriptionTests : IAsyncLifetime
{
    private readonly TestApp _app = new(TimeProvider.System);
    private readonly AutoAdvancingTime _time = new();
    private readonly TestHost _host;

    public SubscriptionTests() => _host = new TestHost(_time);

    public async ValueTask InitializeAsync() => await _app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Programmatic_subscription_takes_precedence_over_a_declarative_one()
    {
        _host.AddSetup("pubsub.yaml");
        _host.AddResource("s.yaml", """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: {name: both}
            spec: {pubsubname: pubsub, topic: both, routes: {default: /declared}}
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: {name: only}
            spec: {pubsubname: pubsub, topic: only, routes: {default: /only}}
            """);
        _app.Subscriptions = new AppResponse(200, """[{"pubsubname":"pubsub","topic":"both","route":"/programmatic"}]""");
        var sidecar = await _host.StartAsync("probe", _app.Port);

        await _host.PublishAsync(sidecar, "pubsub/both");
        await _host.PublishAsync(sidecar, "pubsub/only");

        await _app.WaitForAsync(1, "/programmatic");
        await _app.WaitForAsync(1, "/only");
        Assert.DoesNotContain(_app.Calls, call => call.Path == "/declared");
        Assert.Contains("\"type\":\"DECLARATIVE\"", await _host.GetAsync(sidecar, "/v1.0/metadata"));
    }

    [Fact]
    public async Task Event_is_delivered_after_an_error_of_the_store_has_passed()
    {
        _host.AddSetup("pubsub.yaml");
        _app.Subscriptions = new AppResponse(200, """[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        await _host.Broker.AppendAsync("pubsub.kafka/127.0.0.1:9092/t", [.. Enumerable.Range(0, 5_000).Select(_ => new NewRecord("k", "{}"u8.ToArray(), []))]); // more than the cache has
        await _host.ChangeStoreAsync("ALTER TABLE records RENAME COLUMN value TO away");

        await _host.StartAsync("probe", _app.Port);
        await _host.WaitForLogAsync("Cannot deliver from pubsub/t");
        Assert.DoesNotContain(_app.Calls, call => call.Path == "/in");
        await _host.ChangeStoreAsync("ALTER TABLE records RENAME COLUMN away TO value");

        await _app.WaitForAsync(1, "/in");
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(" \n", false)]
    [InlineData("null", false)]
    [InlineData("""[{"PUBSUBNAME":"pubsub","topic":"t","route":"/in","other":1}] and more""", true)]
    public async Task Subscription_response_may_be_empty_or_have_trailing_text(string body, bool subscribes)
    {
        _host.AddSetup("pubsub.yaml");
        _app.Subscriptions = new AppResponse(200, body);
        var sidecar = await _host.StartAsync("probe", _app.Port);

        Assert.Equal(subscribes, (await _host.GetAsync(sidecar, "/v1.0/metadata")).Contains("subscriptions"));
        Assert.DoesNotContain(_host.Log, line => line.StartsWith("Error"));
    }

    [Theory]
    [InlineData("pubsub.kafka", "authType: none, initialOffset: first", "kafka error: invalid initialOffset: first")]
    [InlineData("foo.bar", "", "process component bus error: incorrect type foo.bar")]
    [InlineData("pubsub.jetstream", "", "(the emulator supports pubsub.kafka, pubsub.redis, pubsub.rabbitmq and pubsub.in-memory)")]
    [InlineData("pubsub.kafka", "authRequired: \"false\"", null)]
    [InlineData("pubsub.redis", "", null)]
    public void Component_that_Dapr_rejects_is_rejected(string type, string settings, string? error)
    {
        var metadata = string.Join(", ", settings.Split(", ", StringSplitOptions.RemoveEmptyEntries).Append("brokers: x")
            .Select(setting => setting.Split(": ")).Select(setting => $"{{name: {setting[0]}, value: {setting[1]} }}"));
        _host.AddResource("c.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: bus}
            spec: {type: {{type}}, version: v1, metadata: [{{metadata}}]}
            """);

        var failure = Record.Exception(() => _host.Create("probe"));

        Assert.Equal(error is null, failure is null);
        Assert.EndsWith(error ?? "", failure?.Message ?? "");
    }

    [Fact]
    public async Task Routing_rules_of_the_app_are_an_error_and_no_subscription_starts()
    {
        _host.AddSetup("pubsub.yaml");
        _app.Subscriptions = new AppResponse(200, """
            [{"pubsubname":"pubsub","topic":"t","routes":{"default":"/other","rules":[{"match":"event.type == \"x\"","path":"/x"}]}},
             {"pubsubname":"pubsub","topic":"u","route":"/u"}]
            """);
        var sidecar = await _host.StartAsync("probe", _app.Port);

        Assert.DoesNotContain("subscriptions", await _host.GetAsync(sidecar, "/v1.0/metadata"));
        Assert.Contains(_host.Log, line => line.StartsWith("Error") && line.Contains("routing rules (routes.rules) are not emulated"));
    }

    [Fact]
    public async Task Delivery_that_times_out_is_retried()
    {
        var time = new FakeTimeProvider();
        await using var host = new TestHost(time);
        host.AddSetup("pubsub.yaml");
        host.AddResource("r.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: r}
            spec:
              policies:
                timeouts: {short: 2s}
                retries: {soon: {policy: constant, duration: 0s, maxRetries: -1}}
              targets: {components: {pubsub: {inbound: {timeout: short, retry: soon}}}}
            """);
        _app.Subscriptions = new AppResponse(200, """[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        var slow = true;
        _app.Respond = async _ =>
        {
            if (slow)
            {
                slow = false;
                time.Advance(TimeSpan.FromSeconds(2));
                await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
            }

            return new AppResponse(200);
        };
        var sidecar = await host.StartAsync("probe", _app.Port);

        using var published = await host.PostAsync(sidecar, "/v1.0/publish/pubsub/t", "{}");

        await _app.WaitForAsync(2, "/in");
    }

    [Fact]
    public async Task Trace_reaches_the_subscriber_if_tracing_is_on()
    {
        const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        _host.AddSetup("pubsub.yaml");
        _app.Subscriptions = new AppResponse(200, """[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        var sidecar = await _host.StartAsync("probe", _app.Port, tracing: true);

        using var request = new HttpRequestMessage(HttpMethod.Post, TestHost.AddressOf(sidecar) + "/v1.0/publish/pubsub/t");
        request.Headers.TryAddWithoutValidation("traceparent", Trace);
        using var response = await _host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var call = (await _app.WaitForAsync(1, "/in"))[0];
        Assert.Equal(Trace, call.Headers["traceparent"]);
        Assert.Contains($"\"traceparent\":\"{Trace}\"", call.Body);
    }

    [Theory]
    [InlineData("pubsub.redis", "[{name: redisHost, value: x}]", true)]
    [InlineData("pubsub.rabbitmq", "[{name: hostname, value: x}]", true)]
    [InlineData("pubsub.rabbitmq", "[{name: hostname, value: x}, {name: requeueInFailure, value: \"true\"}]", false)]
    [InlineData("pubsub.kafka", "[{name: brokers, value: x}, {name: authType, value: none}]", false)]
    [InlineData("pubsub.kafka", "[{name: brokers, value: x}, {name: authType, value: none}, {name: consumeRetryEnabled, value: \"false\"}]", true)]
    public async Task Failed_batch_is_lost_with_a_warning_if_the_real_broker_would_lose_it(string type, string metadata, bool lost)
    {
        _host.AddResource("c.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: bus}
            spec: {type: {{type}}, version: v1, metadata: {{metadata}} }
            """);
        _app.Subscriptions = new AppResponse(200, """[{"pubsubname":"bus","topic":"t","route":"/bulk","bulkSubscribe":{"enabled":true,"maxMessagesCount":1}}]""");
        var sidecar = await _host.StartAsync("probe", _app.Port);
        Assert.Equal(lost, _host.Log.Any(line => line.StartsWith("Warning: component bus") && line.Contains("loses")));

        var failing = true;
        _app.Respond = call =>
        {
            var fails = failing;
            failing = false;
            var id = JsonNode.Parse(call.Body)!["entries"]![0]!["entryId"]!;
            return Task.FromResult(fails ? new AppResponse(500) : new AppResponse(200, $$"""{"statuses":[{"entryId":"{{id}}","status":"SUCCESS"}]}"""));
        };
        await _host.PublishAsync(sidecar, "bus/t?metadata.partitionKey=k", "\"first\"");
        await _app.WaitForAsync(1, "/bulk");
        await _host.PublishAsync(sidecar, "bus/t?metadata.partitionKey=k", "\"second\"");

        var calls = await _app.WaitForAsync(lost ? 2 : 3, "/bulk");
        Assert.Equal(lost ? 1 : 2, calls.Count(call => call.Body.Contains("\"first\"")));
    }

    [Fact]
    public async Task Kafka_has_one_bulk_call_in_flight_over_all_partitions_and_topics()
    {
        const int Events = 30;
        _host.AddSetup("pubsub.yaml");
        _app.Subscriptions = new AppResponse(200, """
            [{"pubsubname":"pubsub","topic":"t","route":"/bulk","bulkSubscribe":{"enabled":true,"maxMessagesCount":1}},
             {"pubsubname":"pubsub","topic":"u","route":"/bulk","bulkSubscribe":{"enabled":true,"maxMessagesCount":1}}]
            """);
        var (inFlight, most) = (0, 0);
        _app.Respond = async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inFlight));
            await Task.Yield();
            Interlocked.Decrement(ref inFlight);
            return new AppResponse(200, """{"statuses":[{"entryId":"0","status":"SUCCESS"}]}""");
        };
        var sidecar = await _host.StartAsync("probe", _app.Port);

        for (var n = 0; n < Events; n++)
        {
            await _host.PublishAsync(sidecar, n % 2 == 0 ? "pubsub/t" : "pubsub/u");
        }

        await _app.WaitForAsync(Events, "/bulk");
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Bulk_publish_metadata_is_added_only_to_entries_that_have_metadata()
    {
        _host.AddSetup("mem.yaml");
        _app.Subscriptions = new AppResponse(200, """[{"pubsubname":"mem","topic":"t","route":"/in"}]""");
        var sidecar = await _host.StartAsync("probe", _app.Port);

        await _host.PublishAsync(sidecar, "bulk/mem/t?metadata.a=request&metadata.cloudevent.type=b", """
            [{"entryId":"1","event":1,"contentType":"application/json","metadata":{"a":"own"}},
             {"entryId":"2","event":2,"contentType":"application/json"}]
            """);

        var calls = await _app.WaitForAsync(2, "/in");
        var merged = calls.Single(call => call.Body.Contains("\"data\":1"));
        Assert.Equal(("own", true), (merged.Headers["a"], merged.Body.Contains("\"type\":\"b\"")));
        Assert.DoesNotContain(calls.Single(call => call.Body.Contains("\"data\":2")).Headers, header => header.Key == "a");
    }

    [Theory]
    [InlineData("mem/t?metadata.ttlInSeconds=60", "{}", 501, "ERR_NOT_EMULATED")]
    [InlineData("bulk/mem/t", """[{"entryId":"1","event":1,"contentType":"application/json","metadata":{"ttlInSeconds":"60"}}]""", 501, "ERR_NOT_EMULATED")]
    [InlineData("mem/t?metadata.rawPayload=maybe", "{}", 400, "ERR_PUBSUB_REQUEST_METADATA")]
    [InlineData("bulk/mem/t?metadata.rawPayload=maybe", "[]", 400, "ERR_PUBSUB_REQUEST_METADATA")]
    [InlineData("bulk/mem/t", """[{"entryId":"1","event":1,"contentType":"text/plain"}]""", 400, "ERR_PUBSUB_EVENTS_SER")]
    [InlineData("bulk/mem/t", """[{"entryId":1}]""", 400, "ERR_PUBSUB_EVENTS_SER")]
    public async Task Invalid_or_unsupported_publish_returns_an_error(string path, string body, int status, string code)
    {
        _host.AddSetup("mem.yaml");
        var sidecar = await _host.StartAsync("probe");

        using var response = await _host.PostAsync(sidecar, "/v1.0/publish/" + path, body);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(code, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task State_store_is_ignored_with_a_warning_and_its_API_returns_501()
    {
        _host.AddResource("c.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: store}
            spec: {type: state.redis, version: v1, metadata: []}
            """);
        var sidecar = await _host.StartAsync("probe");

        using var response = await _host.PostAsync(sidecar, "/v1.0/state/store", "[]");

        Assert.Equal(501, (int)response.StatusCode);
        Assert.Contains("ERR_NOT_EMULATED", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains(_host.Log, line => line.StartsWith("Warning: component store (state.redis) is not emulated"));
    }
}
