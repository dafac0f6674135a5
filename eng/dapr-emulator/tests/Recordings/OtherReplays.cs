using System.Text;
using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>health.json: requests before and after the app listens.</summary>
internal sealed class HealthReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        AddProbeSetup();
        if (name.EndsWith("_before_app_listens"))
        {
            await using var waiting = Host.Create("probe", FreePort.Take());
            await waiting.StartAsync();
            await ExchangeAsync(waiting, recorded);
            return;
        }

        await App.StartAsync();
        await ExchangeAsync(await Host.StartAsync("probe", App.Port), recorded);
    }
}

/// <summary>metadata.json. Dapr lists components in any order.</summary>
internal sealed class MetadataReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var sidecar = await StartProbeAsync();
        using var answer = await SendAsync(sidecar, recorded["request"]!);
        if (name == "put")
        {
            await AssertAnswerAsync(recorded["response"]!, answer);
            var key = recorded["request"]!["path"]!.GetValue<string>().Split('/')[^1];
            Assert.Equal(
                Encoding.UTF8.GetString(Recording.Body(recorded["request"]!["body"])),
                JsonNode.Parse(await Host.GetAsync(sidecar, "/v1.0/metadata"))!["extended"]![Uri.UnescapeDataString(key)]!.GetValue<string>());
            return;
        }

        AssertHeaders(recorded["response"]!["headers"], HeadersOf(answer));
        Assert.Equal(Shape(recorded["response"]!["body"]!.GetValue<string>(), 4600), Shape(await answer.Content.ReadAsStringAsync(Cancel), App.Port));
    }

    private static string Shape(string body, int port)
    {
        var metadata = JsonNode.Parse(body)!.AsObject();
        Assert.Equal(port, metadata["appConnectionProperties"]!["port"]!.GetValue<int>());
        metadata["appConnectionProperties"]!["port"] = 0;
        metadata["components"] = new JsonArray([.. metadata["components"]!.AsArray()
            .Select(one => one!.DeepClone()).OrderBy(one => one["name"]!.GetValue<string>(), StringComparer.Ordinal)]);
        return Mask.ByValue(metadata.ToJsonString());
    }
}

/// <summary>shutdown.json: the response, and that the sidecar then ends gracefully.</summary>
internal sealed class ShutdownReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var sidecar = await Host.StartAsync("probe");
        await ExchangeAsync(sidecar, Recording.Case("shutdown", "shutdown"));
        if (name == "exit_status")
        {
            // A sidecar is not a process here: it has ended well when stopping it does not fail.
            await Waiting.ForAsync(sidecar.ShutdownRequested, () => "the sidecar to accept the shutdown");
            await sidecar.StopAsync();
            Assert.Equal(0, recorded["exit_status"]!.GetValue<int>());
        }
    }
}

/// <summary>startup.json: the first calls to the app.</summary>
internal sealed class StartupReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        AddProbeSetup();
        var calls = recorded["calls"]!.AsArray();
        var answers = calls.GroupBy(call => call!["path"]!.GetValue<string>())
            .ToDictionary(group => group.Key, group => new Queue<JsonNode>(group.Select(call => call!["answer"]!)));
        App.Startup = call => answers.TryGetValue(call.Path, out var queue) && queue.TryDequeue(out var answer) ? ReplyOf(answer) : new Reply(404);
        await App.StartAsync();
        await Host.StartAsync("probe", App.Port);

        Assert.Equal(
            calls.Select(call => Shape(
                call!["method"]!.GetValue<string>(), call["path"]!.GetValue<string>(), Recording.Headers(call["headers"]), call["body"]!.GetValue<string>())),
            App.Calls.Select(call => Shape(call.Method, call.Path, call.Headers, call.Body)));
    }

    private static string Shape(string method, string path, Dictionary<string, string> headers, string body) =>
        $"{method} {path}\n{Mask.Headers(headers)}\n{body}";
}

/// <summary>tokens.json: a sidecar with both tokens.</summary>
internal sealed class TokensReplay() : Replay(apiToken: "secret", appToken: "appsecret")
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("mem.yaml");
        await App.StartAsync();
        var sidecar = await Host.StartAsync("tok", App.Port);
        var before = App.Calls.Count;
        if (recorded["app_received"] is JsonArray { Count: > 0 } scripted && scripted[0]!["answer"] is { } answer)
        {
            App.Answer = _ => Task.FromResult(ReplyOf(answer));
        }

        await ExchangeAsync(sidecar, recorded);

        if (recorded["app_received"] is JsonArray received)
        {
            // The recording only has the token of the headers.
            Assert.Equal(
                received.Select(call => $"{call!["method"]} {call["path"]} {call["headers"]!["Dapr-Api-Token"]}"),
                App.Calls.Skip(before).Select(call => $"{call.Method} {call.Path} {call.Headers.GetValueOrDefault("dapr-api-token")}"));
        }
    }
}

/// <summary>subscribe.json: what the app answered to GET /dapr/subscribe, and which subscriptions it then had.</summary>
internal sealed class SubscribeReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("mem.yaml");
        var body = recorded["answer"]!["body"]!;
        App.Subscriptions = new Reply(
            recorded["answer"]!["status"]!.GetValue<int>(), body is JsonValue text ? text.GetValue<string>() : body.ToJsonString());
        await App.StartAsync();
        var sidecar = await Host.StartAsync("subs", App.Port);

        using var health = await Host.Client.GetAsync(TestHost.AddressOf(sidecar) + "/v1.0/healthz", Cancel);
        Assert.Equal(recorded["healthz"]!.GetValue<int>(), (int)health.StatusCode);
        var metadata = JsonNode.Parse(await Host.GetAsync(sidecar, "/v1.0/metadata"))!;
        Assert.True(JsonNode.DeepEquals(recorded["subscriptions"], metadata["subscriptions"]), $"{recorded["subscriptions"]} is not {metadata["subscriptions"]}");

        using var answer = await Host.PostAsync(sidecar, "/v1.0/publish/mem/t", "{}");
        Assert.Equal(recorded["publish"]!.GetValue<int>(), (int)answer.StatusCode);
        var calls = recorded["calls"]!.AsArray().Select(call => call!.GetValue<string>()).ToArray();
        await App.WaitForAsync(calls.Length, [.. calls.Select(call => call.Split(' ')[1])]);
        Assert.Equal(calls, App.Calls.Select(call => $"{call.Method} {call.Path}"));
        foreach (var line in recorded["log"]!.AsArray())
        {
            Assert.Contains(Host.Log, entry => entry.Contains(line!.GetValue<string>().Trim('"')));
        }
    }
}

/// <summary>component_errors.json: files with which Dapr does not start, or starts with a warning.</summary>
internal sealed class ComponentErrorReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var texts = recorded["yaml"] is JsonArray several ? several.Select(text => text!.GetValue<string>()) : [recorded["yaml"]!.GetValue<string>()];
        foreach (var (number, text) in texts.Index())
        {
            Host.AddResource($"c{number}.yaml", text);
        }

        if (name == "broken_yaml")
        {
            // Dapr starts without the file and names the line of the error.
            Assert.Equal("still running", recorded["exit_status"]!.GetValue<string>());
            Assert.Contains(recorded["errors"]!.AsArray(), error => error!.GetValue<string>().Contains("line 3"));
            Assert.True((await Host.StartAsync("probe")).IsReady);
            Assert.Contains(Host.Log, entry => entry.StartsWith("Warning") && entry.Contains("c0.yaml:3:"));
            return;
        }

        Assert.Equal(1, recorded["exit_status"]!.GetValue<int>());
        var fatal = recorded["errors"]!.AsArray()[^1]!.GetValue<string>().Trim('"').Replace("\\\"", "\"").Replace("Fatal error from runtime: ", "");
        // The emulator adds which types it has.
        Assert.StartsWith(fatal, Assert.Throws<ResourceException>(() => Host.Create("probe")).Message);
    }
}
