using System.IO.Compression;
using System.Net.Http.Json;
using System.Text;
using DaprOrders.DaprEmulator.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Tests service invocation in cases that invoke.json does not contain.</summary>
public sealed class InvocationTests : IAsyncLifetime
{
    private readonly AutoAdvancingTime _time = new();
    private readonly TestHost _host;
    private readonly TestApp _app = new(TimeProvider.System);

    public InvocationTests() => _host = new TestHost(_time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Response_chunks_are_forwarded_immediately()
    {
        var more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var streaming = await TestApp.ListenAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\n");
            await http.Response.Body.FlushAsync();
            await more.Task;
            await http.Response.WriteAsync("data: 2\n\n");
        });
        var caller = await StartAsync(TestApp.PortOf(streaming));

        using var response = await _host.Client.GetAsync(Method(caller, "events"), HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal("data: 1", await reader.ReadLineAsync(Cancel));

        more.SetResult();
        Assert.Equal("\ndata: 2\n\n", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Compressed_response_is_decompressed_for_a_caller_without_gzip()
    {
        await using var compressing = await TestApp.ListenAsync(async http =>
        {
            http.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(http.Response.Body, CompressionMode.Compress);
            await gzip.WriteAsync(Encoding.UTF8.GetBytes("plain"));
        });
        var caller = await StartAsync(TestApp.PortOf(compressing));

        Assert.Equal("plain", await _host.GetAsync(caller, "/v1.0/invoke/callee/method/x"));
    }

    [Fact]
    public async Task Body_without_a_length_is_streamed_and_never_retried()
    {
        var caller = await _host.StartAsync("caller");
        var callee = await _host.StartAsync("callee", _app.Port);
        using var passed = await _host.Client.PostAsJsonAsync(Method(caller, "x"), new { n = 1 }, Cancel);
        Assert.Equal("{\"n\":1}", (await _app.WaitForAsync(1, "/x"))[0].Body);

        await callee.KillAsync();
        var before = _time.GetUtcNow();
        using var response = await _host.Client.PostAsJsonAsync(Method(caller, "x"), new { n = 2 }, Cancel);

        Assert.Equal(500, (int)response.StatusCode);
        Assert.Equal(before, _time.GetUtcNow());
    }

    [Fact]
    public async Task Retry_policy_retries_matching_responses_and_returns_the_last_one()
    {
        _host.AddResource("r.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: r}
            spec:
              policies: {retries: {twice: {policy: constant, duration: 1s, maxRetries: 2, matching: {httpStatusCodes: "503"}}}}
              targets: {apps: {callee: {retry: twice}}}
            """);
        var caller = await StartAsync(_app.Port);
        _app.Respond = call => Task.FromResult(new AppResponse(call.Path == "/unavailable" ? 503 : 409, "from app"));

        using var unavailable = await _host.PostAsync(caller, "/v1.0/invoke/callee/method/unavailable", "{}");
        using var conflict = await _host.PostAsync(caller, "/v1.0/invoke/callee/method/conflict", "{}");

        Assert.Equal((503, "from app"), ((int)unavailable.StatusCode, await unavailable.Content.ReadAsStringAsync(Cancel)));
        Assert.Equal(3, _app.Calls.Count(call => call.Path == "/unavailable"));
        Assert.Equal(409, (int)conflict.StatusCode);
        Assert.Equal(1, _app.Calls.Count(call => call.Path == "/conflict"));
    }

    [Fact]
    public async Task Restarted_sidecar_is_found_immediately()
    {
        var caller = await _host.StartAsync("caller", instance: 2);
        var callee = await _host.StartAsync("callee", _app.Port);
        await callee.KillAsync();
        await _host.StartAsync("callee", _app.Port);

        for (var i = 0; i < 3; i++)
        {
            using var response = await _host.PostAsync(caller, "/v1.0/invoke/callee/method/x", "{}");
            Assert.Equal(200, (int)response.StatusCode);
        }
    }

    [Theory]
    [InlineData("a/../b//c", "/b/c")]
    [InlineData("", "/")]
    [InlineData("a%2Fb", "/a/b")]
    [InlineData("a;b,c=d@e", "/a;b,c=d@e")]
    public async Task Path_is_decoded_and_cleaned(string path, string received)
    {
        var caller = await StartAsync(_app.Port);
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(Method(caller, path), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));

        using var response = await _host.Client.SendAsync(request, Cancel);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Contains(_app.Calls, call => call.Path == received);
    }

    [Theory]
    [InlineData("a%23b", "forbidden character")]
    [InlineData("a%3Fb", "forbidden character")]
    [InlineData("a%0Ab", "forbidden character")]
    [InlineData("a%25b", "invalid URL escape")]
    public async Task Path_with_a_reserved_character_is_rejected(string path, string error)
    {
        var caller = await StartAsync(_app.Port);

        using var response = await _host.Client.GetAsync(Method(caller, path), Cancel);

        Assert.Equal(500, (int)response.StatusCode);
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("ERR_DIRECT_INVOKE", body);
        Assert.Contains(error, body);
    }

    [Fact]
    public async Task App_that_invokes_itself_receives_no_caller_headers()
    {
        var sidecar = await _host.StartAsync("callee", _app.Port);
        using var request = new HttpRequestMessage(HttpMethod.Get, Method(sidecar, "x"));
        request.Headers.Add("dapr-caller-app-id", "mine");

        using var response = await _host.Client.SendAsync(request, Cancel);

        var headers = (await _app.WaitForAsync(1, "/x"))[0].Headers;
        Assert.Equal("mine", headers["dapr-caller-app-id"]);
        Assert.DoesNotContain(headers, header => header.Key is "X-Forwarded-For" or "Forwarded" or "dapr-callee-app-id");
    }

    [Fact]
    public async Task Headers_listed_in_Connection_are_not_forwarded()
    {
        await using var app = await TestApp.ListenAsync(http =>
        {
            http.Response.Headers.Connection = "X-Theirs";
            http.Response.Headers["X-Theirs"] = "1";
            http.Response.Headers["X-Seen"] = string.Join(',', http.Request.Headers.Keys);
            return Task.CompletedTask;
        });
        var caller = await StartAsync(TestApp.PortOf(app));
        using var request = new HttpRequestMessage(HttpMethod.Get, Method(caller, "x"));
        request.Headers.Connection.Add("X-Mine");
        request.Headers.Add("X-Mine", "1");

        using var response = await _host.Client.SendAsync(request, Cancel);

        Assert.DoesNotContain("X-Mine", response.Headers.GetValues("X-Seen").Single());
        Assert.False(response.Headers.Contains("X-Theirs"));
    }

    [Theory]
    [InlineData(8_000, 200, 200)]
    [InlineData(9_000, 431, 200)]
    [InlineData(13_000, 431, 431)]
    public async Task Used_connection_accepts_4_KiB_more_of_headers(int bytes, int onNewConnection, int onUsedConnection)
    {
        var caller = await StartAsync(_app.Port);
        using var unused = new HttpClient();
        using var used = new HttpClient();
        using var first = await used.GetAsync(Method(caller, "x"), Cancel);

        Assert.Equal((onNewConnection, onUsedConnection), (await SendAsync(unused), await SendAsync(used)));

        async Task<int> SendAsync(HttpClient client)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Method(caller, "x"));
            request.Headers.Add("X-Fill", new string('a', bytes));
            using var response = await client.SendAsync(request, Cancel);
            return (int)response.StatusCode;
        }
    }

    private async Task<Hosting.Sidecar> StartAsync(int calleePort)
    {
        await _host.StartAsync("callee", calleePort);
        return await _host.StartAsync("caller");
    }

    private static string Method(Hosting.Sidecar caller, string method) => $"{TestHost.AddressOf(caller)}/v1.0/invoke/callee/method/{method}";
}
