using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using DaprOrders.DaprEmulator.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>What the recordings of invocations do not show.</summary>
public sealed class InvocationTests : IAsyncLifetime
{
    private readonly JumpingTime _time = new();
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
    public async Task Each_piece_of_an_answer_comes_when_the_app_has_sent_it()
    {
        var more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var streaming = await StartRawAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: 1\n\n");
            await http.Response.Body.FlushAsync();
            await more.Task;
            await http.Response.WriteAsync("data: 2\n\n");
        });
        var caller = await _host.StartAsync("caller");
        await _host.StartAsync("callee", new Uri(streaming.Urls.Single()).Port);

        using var answer = await _host.Client.GetAsync(
            TestHost.AddressOf(caller) + "/v1.0/invoke/callee/method/events", HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal("data: 1", await reader.ReadLineAsync(Cancel));

        more.SetResult();
        Assert.Equal("\ndata: 2\n\n", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task An_answer_that_the_app_compressed_for_the_sidecar_is_unpacked()
    {
        await using var compressing = await StartRawAsync(async http =>
        {
            http.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(http.Response.Body, CompressionMode.Compress);
            await gzip.WriteAsync(Encoding.UTF8.GetBytes("plain"));
        });
        var caller = await _host.StartAsync("caller");
        await _host.StartAsync("callee", new Uri(compressing.Urls.Single()).Port);

        Assert.Equal("plain", await _host.GetAsync(caller, "/v1.0/invoke/callee/method/x"));
    }

    [Fact]
    public async Task A_body_without_length_is_passed_on_and_never_repeated()
    {
        var caller = await _host.StartAsync("caller");
        var callee = await _host.StartAsync("callee", _app.Port);
        var address = TestHost.AddressOf(caller) + "/v1.0/invoke/callee/method/x";
        using var passed = await _host.Client.PostAsJsonAsync(address, new { n = 1 }, Cancel);
        Assert.Equal("{\"n\":1}", (await _app.WaitForAsync(1, "/x"))[0].Body);

        await callee.KillAsync();
        var before = _time.GetUtcNow();
        using var answer = await _host.Client.PostAsJsonAsync(address, new { n = 2 }, Cancel);

        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Equal(before, _time.GetUtcNow());
    }

    [Fact]
    public async Task An_app_policy_repeats_answers_that_are_errors_and_passes_the_last_one_on()
    {
        _host.AddResource("r.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: r}
            spec:
              policies: {retries: {twice: {policy: constant, duration: 1s, maxRetries: 2, matching: {httpStatusCodes: "503"}}}}
              targets: {apps: {callee: {retry: twice}}}
            """);
        var caller = await _host.StartAsync("caller");
        await _host.StartAsync("callee", _app.Port);
        _app.Answer = call => Task.FromResult(new Reply(call.Path == "/unavailable" ? 503 : 409, "from app"));

        using var unavailable = await _host.PostAsync(caller, "/v1.0/invoke/callee/method/unavailable", "{}");
        using var conflict = await _host.PostAsync(caller, "/v1.0/invoke/callee/method/conflict", "{}");

        Assert.Equal((503, "from app"), ((int)unavailable.StatusCode, await unavailable.Content.ReadAsStringAsync(Cancel)));
        Assert.Equal(3, _app.Calls.Count(call => call.Path == "/unavailable"));
        Assert.Equal(409, (int)conflict.StatusCode);
        Assert.Equal(1, _app.Calls.Count(call => call.Path == "/conflict"));
    }

    [Fact]
    public async Task A_sidecar_that_comes_back_at_its_address_is_found_at_once()
    {
        var caller = await _host.StartAsync("caller", instance: 2);
        var callee = await _host.StartAsync("callee", _app.Port);
        await callee.KillAsync();
        await _host.StartAsync("callee", _app.Port);

        for (var i = 0; i < 3; i++)
        {
            using var answer = await _host.PostAsync(caller, "/v1.0/invoke/callee/method/x", "{}");
            Assert.Equal(200, (int)answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("/v1.0/invoke/callee/method/a/../b//c", "/b/c")]
    [InlineData("/v1.0/invoke/callee/method/", "/")]
    [InlineData("/v1.0/invoke/callee/method/a%2Fb", "/a/b")]
    [InlineData("/v1.0/invoke/callee/method/a;b,c=d@e", "/a;b,c=d@e")]
    public async Task A_path_is_decoded_and_cleaned(string path, string received)
    {
        var caller = await _host.StartAsync("caller");
        await _host.StartAsync("callee", _app.Port);

        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(TestHost.AddressOf(caller) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        using var answer = await _host.Client.SendAsync(request, Cancel);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Contains(_app.Calls, call => call.Path == received);
    }

    [Theory]
    [InlineData("a%23b")]
    [InlineData("a%3Fb")]
    [InlineData("a%25b")]
    public async Task A_path_with_reserved_characters_is_refused(string path)
    {
        var caller = await _host.StartAsync("caller");
        await _host.StartAsync("callee", _app.Port);

        using var answer = await _host.Client.GetAsync(TestHost.AddressOf(caller) + "/v1.0/invoke/callee/method/" + path, Cancel);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("ERR_DIRECT_INVOKE", await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData("a%0Ab", "rpc error: code = InvalidArgument desc = invalid method: method contains control character at position 1: \\\"a\\\\nb\\\"")]
    [InlineData("%C3%BC%01", "rpc error: code = InvalidArgument desc = invalid method: method contains control character at position 2: \\\"ü\\\\x01\\\"")]
    [InlineData("a%22%23", "rpc error: code = InvalidArgument desc = invalid method: method contains forbidden character: \\\"a\\\\\\\"#\\\"")]
    [InlineData("a%25b?q=1", "rpc error: code = Internal desc = error invoking app channel: parse \\\"http://<app>/a%b?q=1\\\": invalid URL escape \\\"%b\\\"")]
    public async Task What_is_wrong_with_a_path_is_said_as_the_runtime_says_it(string path, string error)
    {
        var caller = await _host.StartAsync("caller");
        await _host.StartAsync("callee", _app.Port);

        using var answer = await _host.Client.GetAsync(TestHost.AddressOf(caller) + "/v1.0/invoke/callee/method/" + path, Cancel);

        Assert.Contains(
            $"\"failed to invoke, id: callee, err: {error}\"", (await answer.Content.ReadAsStringAsync(Cancel)).Replace($"127.0.0.1:{_app.Port}", "<app>"));
    }

    [Fact]
    public async Task An_app_that_invokes_itself_gets_no_headers_of_the_sidecar_and_errors_without_the_other_ones_prefix()
    {
        var sidecar = await _host.StartAsync("callee", _app.Port);
        var address = TestHost.AddressOf(sidecar) + "/v1.0/invoke/callee/method/x";
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("dapr-caller-app-id", "mine");

        using var answer = await _host.Client.SendAsync(request, Cancel);
        await _app.DisposeAsync();
        using var refused = await _host.Client.GetAsync(address, Cancel);

        var headers = (await _app.WaitForAsync(1, "/x"))[0].Headers;
        Assert.Equal("mine", headers["dapr-caller-app-id"]);
        Assert.DoesNotContain(headers, header => header.Key is "X-Forwarded-For" or "Forwarded" or "dapr-callee-app-id");
        Assert.Contains("err: Get \\\"http://127.0.0.1:", await refused.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Headers_that_a_connection_names_stay_on_it_both_ways()
    {
        await using var app = await StartRawAsync(http =>
        {
            http.Response.Headers.Connection = "X-Theirs";
            http.Response.Headers["X-Theirs"] = "1";
            http.Response.Headers["X-Seen"] = string.Join(',', http.Request.Headers.Keys);
            return Task.CompletedTask;
        });
        var caller = await _host.StartAsync("caller");
        await _host.StartAsync("callee", new Uri(app.Urls.Single()).Port);
        using var request = new HttpRequestMessage(HttpMethod.Get, TestHost.AddressOf(caller) + "/v1.0/invoke/callee/method/x");
        request.Headers.Connection.Add("X-Mine");
        request.Headers.Add("X-Mine", "1");

        using var answer = await _host.Client.SendAsync(request, Cancel);

        Assert.DoesNotContain("X-Mine", answer.Headers.GetValues("X-Seen").Single());
        Assert.False(answer.Headers.Contains("X-Theirs"));
    }

    private static async Task<WebApplication> StartRawAsync(RequestDelegate handler)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        web.Run(handler);
        await web.StartAsync(Cancel);
        return web;
    }
}
