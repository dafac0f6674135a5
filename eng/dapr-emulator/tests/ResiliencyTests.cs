using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Tests policies with a clock that advances automatically, so that delays can be measured exactly.</summary>
public sealed class ResiliencyTests : IAsyncDisposable
{
    private readonly TestApp _app = new(TimeProvider.System);
    private TestHost? _host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Exponential_backoff_grows_by_half_up_to_maxInterval()
    {
        var time = new AutoAdvancingTime();
        // Dapr applies "duration" only to constant policies.
        var caller = await StartAsync(time, "retries: {r: {policy: exponential, duration: 100ms, maxInterval: 1s, maxRetries: 4}}", "apps: {callee: {retry: r}}");
        var times = new List<DateTimeOffset>();
        _app.Respond = _ =>
        {
            times.Add(time.GetUtcNow());
            return Task.FromResult(new AppResponse(503));
        };

        using var response = await CallAsync(caller);

        Assert.Equal([0, 500, 1250, 2250, 3250], times.Select(at => (at - times[0]).TotalMilliseconds));
        Assert.Equal(503, (int)response.StatusCode);
    }

    [Fact]
    public async Task Outbound_policy_retries_an_event_that_the_broker_rejects()
    {
        var time = new AutoAdvancingTime();
        Host(time, "retries: {r: {policy: constant, duration: 1s, maxRetries: 3}}", "components: {pubsub: {outbound: {retry: r}}}");
        _host!.AddSetup("pubsub.yaml");
        var sidecar = await _host.StartAsync("probe");
        var started = time.GetUtcNow();

        using var response = await _host.PostAsync(sidecar, "/v1.0/publish/pubsub/t", '"' + new string('x', 2_000_000) + '"');

        Assert.Equal(500, (int)response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(3), time.GetUtcNow() - started);
    }

    [Fact]
    public async Task Outbound_policy_retries_only_the_rejected_entries_of_a_bulk_publish()
    {
        var time = new AutoAdvancingTime();
        Host(time, "retries: {r: {policy: constant, duration: 1s, maxRetries: 3}}", "components: {pubsub: {outbound: {retry: r}}}");
        _host!.AddSetup("pubsub.yaml");
        _app.Subscriptions = new AppResponse(200, """[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        await _app.StartAsync();
        var sidecar = await _host.StartAsync("probe", _app.Port);
        var started = time.GetUtcNow();

        using var response = await PublishBulkAsync(sidecar);
        using var last = await _host.PostAsync(sidecar, "/v1.0/publish/pubsub/t?metadata.partitionKey=k", "\"last\"");

        Assert.Equal(500, (int)response.StatusCode);
        Assert.Contains("kafka: Failed to deliver 1 messages.", response.Headers.GetValues("metadata.error").Single());
        Assert.StartsWith("""{"failedEntries":[{"entryId":"large","error":"kafka: """, await response.Content.ReadAsStringAsync(Cancel));
        Assert.True(time.GetUtcNow() - started >= TimeSpan.FromSeconds(3));
        Assert.Equal(2, (await _app.WaitForAsync(2, "/in")).Count);
    }

    private Task<HttpResponseMessage> PublishBulkAsync(Hosting.Sidecar sidecar) => _host!.PostAsync(sidecar, "/v1.0/publish/bulk/pubsub/t", $$"""
        [{"entryId":"small","event":"small","contentType":"text/plain","metadata":{"partitionKey":"k"} },
         {"entryId":"large","event":"{{new string('x', 2_000_000)}}","contentType":"text/plain","metadata":{"partitionKey":"k"} }]
        """);

    [Theory]
    [InlineData("timeouts: {b: soon}", "Could not read resiliency policy policies: invalid duration \"b\", soon")]
    [InlineData("retries: {b: {policy: linear}}", "Could not read resiliency policy policies: invalid retry configuration \"b\": unexpected back off policy type: linear")]
    [InlineData("retries: {b: {matching: {httpStatusCodes: \"5xx\"}}}", "Could not read resiliency policy policies: invalid pattern 5xx")]
    public async Task Invalid_Resiliency_is_ignored_with_a_warning(string policies, string warning)
    {
        var caller = await StartAsync(new AutoAdvancingTime(), policies, "apps: {callee: {retry: b, timeout: b}}");
        using var response = await CallAsync(caller);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Contains(_host!.Log, line => line.StartsWith("Warning") && line.Contains("resiliency.yaml:2") && line.Contains(warning));
    }

    [Fact]
    public async Task Undefined_policy_of_a_target_causes_a_warning()
    {
        var caller = await StartAsync(new AutoAdvancingTime(), "timeouts: {a: 1s}", "apps: {callee: {retry: b}}");
        _app.Respond = _ => Task.FromResult(new AppResponse(500));
        using var response = await CallAsync(caller);

        Assert.Equal("/x", Assert.Single(_app.Calls, call => call.Path == "/x").Path);
        Assert.Contains(_host!.Log, line => line.StartsWith("Warning") && line.Contains("resiliency.yaml:2") && line.Contains("retry policy b"));
    }

    [Fact]
    public async Task Built_in_retries_can_be_changed_but_not_reduced()
    {
        var time = new AutoAdvancingTime();
        Host(time, "retries: {DaprBuiltInServiceRetries: {policy: constant, duration: 10s, maxRetries: 1}}", "apps: {}");
        await _app.StartAsync();
        var callee = await _host!.StartAsync("callee", _app.Port);
        var caller = await _host.StartAsync("caller");
        await callee.KillAsync();
        var started = time.GetUtcNow();

        using var response = await CallAsync(caller);

        Assert.Contains("after 3 retries", await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(TimeSpan.FromSeconds(30), time.GetUtcNow() - started);
    }

    private void Host(TimeProvider time, string policies, string targets)
    {
        _host = new TestHost(time);
        _host.AddResource("resiliency.yaml", $"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: <name: policies>
            spec:
              policies:
                {policies}
              targets:
                {targets}
            """.Replace("<name: policies>", "{name: policies}"));
    }

    private async Task<Hosting.Sidecar> StartAsync(TimeProvider time, string policies, string targets)
    {
        Host(time, policies, targets);
        await _app.StartAsync();
        await _host!.StartAsync("callee", _app.Port);
        return await _host.StartAsync("caller");
    }

    private Task<HttpResponseMessage> CallAsync(Hosting.Sidecar caller) =>
        _host!.Client.GetAsync(TestHost.AddressOf(caller) + "/v1.0/invoke/callee/method/x", Cancel);
}
