using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Cli;

/// <summary>Runs the command <c>up</c> in a fresh clone.</summary>
[Trait("Form", "scripts")]
public sealed class UpTests
{
    [Fact(Explicit = true)]
    public async Task System_starts_again_after_a_kill_and_leaves_no_process_at_its_end()
    {
        await using var clone = await CloneAsync();

        Assert.True(await clone.StartAsync(), clone.Output);
        Assert.Equal("confirmed", await clone.OrderAsync());

        var (exitCode, error) = await clone.TryRunAsync();
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: the system is already running; stop it with: kill ", error, StringComparison.Ordinal);

        await clone.StopAsync(Signal.Kill);
        Assert.True(await clone.StartAsync(), clone.Output);
        Assert.Equal("confirmed", await clone.OrderAsync());

        await clone.StopAsync(Signal.Terminate);
        Assert.Equal(0, clone.ExitCode);
        Assert.Empty(clone.Processes());
    }

    [Fact(Explicit = true)]
    public async Task Dashboard_shows_the_trace_of_an_order_across_four_services()
    {
        await using var clone = await CloneAsync();
        clone.Environment["Dashboard__Api__Disabled"] = "false"; // so that the test can read what the page shows

        Assert.True(await clone.StartAsync("--dashboard"), clone.Output);
        Assert.Equal("confirmed", await clone.OrderAsync());

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Wait.UntilAsync("a trace of four services", async () =>
        {
            var response = await client.GetFromJsonAsync<JsonElement>("http://127.0.0.1:18888/api/telemetry/spans", TestContext.Current.CancellationToken);
            return ServicesByTrace(response).Any(trace => trace.Distinct().Count() == 4);
        });
        Assert.Contains("http://127.0.0.1:18888/traces", clone.Output, StringComparison.Ordinal);

        await clone.StopAsync(Signal.Terminate);
        Assert.Empty(clone.Processes());
    }

    [Theory(Explicit = true)]
    [InlineData("--yes")]
    [InlineData("--nonsense")]
    [InlineData("nonsense")]
    public async Task Invalid_usage_exits_with_2(string argument)
    {
        await using var clone = await CloneAsync();

        var (exitCode, error) = await clone.TryRunAsync(argument);

        Assert.Equal(2, exitCode);
        Assert.Contains(argument, error, StringComparison.Ordinal);
    }

    private static ILookup<string, string> ServicesByTrace(JsonElement response) => (
        from resource in response.GetProperty("data").GetProperty("resourceSpans").EnumerateArray()
        let service = resource.GetProperty("resource").GetProperty("attributes").EnumerateArray()
            .Single(attribute => attribute.GetProperty("key").GetString() == "service.name").GetProperty("value").GetProperty("stringValue").GetString()
        from scope in resource.GetProperty("scopeSpans").EnumerateArray()
        from span in scope.GetProperty("spans").EnumerateArray()
        select (Trace: span.GetProperty("traceId").GetString(), service)).ToLookup(span => span.Trace, span => span.service);

    private static async Task<CloneWithFreePorts> CloneAsync()
    {
        var clone = await CloneWithFreePorts.CreateAsync();
        await CloneWithFreePorts.RunAsync(clone.Folder, "dotnet", "build", "eng/cli", "-v", "q", "-nodeReuse:false", "-p:UseSharedCompilation=false");
        clone.HideDapr();
        clone.StartCommand = ["dotnet", Path.Combine(clone.Folder, "artifacts", "bin", "DaprOrders.Cli", "debug", "DaprOrders.Cli.dll"), "up"];
        return clone;
    }
}
