using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>health.json: what was recorded before the app listened says so in its answer, or in its name.</summary>
internal sealed class HealthPlayer : Player
{
    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("kafkadlq.yaml", "mem.yaml", "pubsub.yaml", "redis.yaml", "resiliency.yaml", "scoped.yaml");
        if (recorded["response"]!["body"]!.GetValue<string>().Contains("dapr is not ready") || name.Contains("before_app_listens"))
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

/// <summary>metadata.json: lists of the runtime have their order from Go's maps, that is none.</summary>
internal sealed class MetadataPlayer : Player
{
    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        var sidecar = await StartProbeAsync();
        using var answer = await SendAsync(sidecar, recorded["request"]!);
        var expected = recorded["response"]!;
        if (expected["body"]!.GetValue<string>() is not ['{', ..] body)
        {
            await AssertAnswerAsync(expected, answer);
            await AssertPutAsync(sidecar, recorded["request"]!);
            return;
        }

        Assert.Equal(expected["status"]!.GetValue<int>(), (int)answer.StatusCode);
        Assert.Equal(Mask.Headers(Recording.Headers(expected["headers"])), Mask.Headers(Answers.Headers(answer)));
        Assert.Equal(Shape(body), Shape(await answer.Content.ReadAsStringAsync(Cancel)));
    }

    private async Task AssertPutAsync(Hosting.Sidecar sidecar, JsonNode request)
    {
        if (request["method"]!.GetValue<string>() != "PUT" || request["path"]!.GetValue<string>().Split('/') is not [.., "metadata", var key])
        {
            return;
        }

        var metadata = JsonNode.Parse(await Host.GetAsync(sidecar, "/v1.0/metadata"))!;
        Assert.Equal(
            System.Text.Encoding.UTF8.GetString(Recording.Body(request["body"])),
            metadata["extended"]![Uri.UnescapeDataString(key)]!.GetValue<string>());
    }

    private string Shape(string body)
    {
        var metadata = JsonNode.Parse(body)!.AsObject();
        if (metadata["appConnectionProperties"]?["port"] is { } port && (port.GetValue<int>() is 4600 || port.GetValue<int>() == App.Port))
        {
            metadata["appConnectionProperties"]!["port"] = 0;
        }

        if (metadata["components"] is JsonArray components)
        {
            metadata["components"] = new JsonArray([.. components.Select(one => one!.DeepClone()).OrderBy(one => one.ToJsonString(), StringComparer.Ordinal)]);
        }

        return metadata.ToJsonString();
    }
}

/// <summary>shutdown.json: the answer, and that the sidecar then ends in good order.</summary>
internal sealed class ShutdownPlayer : Player
{
    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        var sidecar = await Host.StartAsync("probe");
        await ExchangeAsync(sidecar, recorded["request"] is null ? Recording.Case("shutdown", "shutdown") : recorded);
        if (recorded["exit_status"] is { } status)
        {
            // A sidecar is no process here: it has ended well when nothing failed on its way.
            await sidecar.ShutdownRequested.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
            var failure = await Record.ExceptionAsync(sidecar.StopAsync);
            Assert.Equal(status.GetValue<int>(), failure is null ? 0 : 1);
        }
    }
}

/// <summary>startup.json: the calls to the app before any other, and its answers to them.</summary>
internal sealed class StartupPlayer : Player
{
    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("kafkadlq.yaml", "mem.yaml", "pubsub.yaml", "redis.yaml", "resiliency.yaml", "scoped.yaml");
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
internal sealed class TokensPlayer() : Player(apiToken: "secret", appToken: "appsecret")
{
    public override async Task PlayAsync(string name, JsonNode recorded)
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
            // The recording has left out what every invocation carries.
            Assert.Equal(
                received.Select(call => $"{call!["method"]} {call["path"]} {call["headers"]!["Dapr-Api-Token"]}"),
                App.Calls.Skip(before).Select(call => $"{call.Method} {call.Path} {call.Headers.GetValueOrDefault("dapr-api-token")}"));
        }
    }
}

/// <summary>subscribe.json: what the app answered to GET /dapr/subscribe, and what came of it.</summary>
internal sealed class SubscribePlayer : Player
{
    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("mem.yaml");
        var body = recorded["answer"]!["body"]!;
        App.Subscriptions = new Reply(
            recorded["answer"]!["status"]!.GetValue<int>(), body is JsonValue text && text.TryGetValue<string>(out var raw) ? raw : body.ToJsonString());
        await App.StartAsync();
        var sidecar = await Host.StartAsync("subs", App.Port);

        using var health = await Host.Client.GetAsync(TestHost.AddressOf(sidecar) + "/v1.0/healthz", Cancel);
        Assert.Equal(recorded["healthz"]!.GetValue<int>(), (int)health.StatusCode);
        var metadata = JsonNode.Parse(await Host.GetAsync(sidecar, "/v1.0/metadata"))!;
        Assert.Equal(recorded["subscriptions"]?.ToJsonString(), metadata["subscriptions"]?.ToJsonString());

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

/// <summary>component_errors.json: files with which the runtime does not start, or starts and says something.</summary>
internal sealed class ComponentErrorPlayer : Player
{
    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        var texts = recorded["yaml"] is JsonArray several ? several.Select(text => text!.GetValue<string>()) : [recorded["yaml"]!.GetValue<string>()];
        foreach (var (number, text) in texts.Index())
        {
            Host.AddResource($"c{number}.yaml", text);
        }

        if (recorded["exit_status"]!.ToString() is not "still running" and var status)
        {
            Assert.Equal("1", status);
            var error = Assert.Throws<ResourceException>(() => Host.Create("probe"));
            var recordedError = Mask.GoText(recorded["errors"]!.AsArray()[^1]!.GetValue<string>().Trim('"')).Replace("Fatal error from runtime: ", "");
            Assert.StartsWith(recordedError, error.Message);
            return;
        }

        // It starts without what it could not read, and says where that stands.
        var sidecar = await Host.StartAsync("probe");
        Assert.True(sidecar.IsReady);
        foreach (var line in recorded["errors"]!.AsArray().Select(error => Mask.LineIn(error!.GetValue<string>())).OfType<string>())
        {
            Assert.Contains(Host.Log, entry => entry.StartsWith("Warning") && entry.Contains($"c0.yaml:{line}:"));
        }
    }
}
