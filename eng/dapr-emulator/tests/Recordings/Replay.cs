using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Plays one recorded case on sidecars of its own and fails where they do not do what the runtime did.</summary>
internal abstract class Player(TimeProvider? time = null, string? apiToken = null, string? appToken = null) : IAsyncDisposable
{
    /// <summary>How each file is played; a case of a file needs nothing more.</summary>
    public static readonly IReadOnlyDictionary<string, Func<Player>> ByFile = new Dictionary<string, Func<Player>>
    {
        ["bulk_dead_letter"] = () => new BulkDeliveryPlayer("bdlq"),
        ["bulk_delivery"] = () => new BulkDeliveryPlayer("probe"),
        ["bulk_publish"] = () => new PublishPlayer(),
        ["component_errors"] = () => new ComponentErrorPlayer(),
        ["delivery"] = () => new DeliveryPlayer(),
        ["garbage"] = () => new GarbagePlayer(),
        ["health"] = () => new HealthPlayer(),
        ["invoke"] = () => new InvokePlayer(new JumpingTime()),
        ["invoke_with_timeout_policy"] = () => new InvokePlayer(new Microsoft.Extensions.Time.Testing.FakeTimeProvider()),
        ["metadata"] = () => new MetadataPlayer(),
        ["publish"] = () => new PublishPlayer(),
        ["run_file"] = () => new RunFilePlayer(),
        ["shutdown"] = () => new ShutdownPlayer(),
        ["startup"] = () => new StartupPlayer(),
        ["subscribe"] = () => new SubscribePlayer(),
        ["tokens"] = () => new TokensPlayer(),
    };

    protected TimeProvider Time { get; } = time ?? TimeProvider.System;

    protected TestHost Host { get; } = new(time, apiToken, appToken);

    protected TestApp App { get; } = new(time ?? TimeProvider.System);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="patience">How long is waited for a call that does not come; by default 20 s.</param>
    public static async Task PlayAsync(string file, string name, JsonNode recorded, TimeSpan? patience = null)
    {
        await using var player = ByFile[file]();
        player.App.Patience = patience ?? player.App.Patience;
        await player.PlayAsync(name, recorded);
    }

    /// <summary>Does what was done when the case was recorded and compares what comes of it.</summary>
    public abstract Task PlayAsync(string name, JsonNode recorded);

    public virtual async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await App.DisposeAsync();
    }

    /// <summary>Starts the app and a sidecar with the components and the subscriptions that most files were recorded with.</summary>
    protected async Task<Sidecar> StartProbeAsync()
    {
        Host.AddSetup("kafkadlq.yaml", "mem.yaml", "pubsub.yaml", "redis.yaml", "resiliency.yaml", "scoped.yaml");
        App.Subscriptions = new Reply(200, Recording.Case("startup", "calls_to_app")["calls"]![1]!["answer"]!["body"]!.GetValue<string>());
        await App.StartAsync();
        return await Host.StartAsync("probe", App.Port);
    }

    protected async Task<HttpResponseMessage> SendAsync(Sidecar sidecar, JsonNode request)
    {
        using var message = Recording.Request(request, TestHost.AddressOf(sidecar));
        return await Host.Client.SendAsync(message, Cancel);
    }

    /// <summary>Sends the request of a case and compares the answer.</summary>
    protected async Task ExchangeAsync(Sidecar sidecar, JsonNode recorded)
    {
        using var answer = await SendAsync(sidecar, recorded["request"]!);
        await AssertAnswerAsync(recorded["response"]!, answer);
    }

    protected static async Task AssertAnswerAsync(JsonNode expected, HttpResponseMessage answer)
    {
        Assert.Equal(expected["status"]!.GetValue<int>(), (int)answer.StatusCode);
        AssertText(expected["body"]!.GetValue<string>(), await answer.Content.ReadAsStringAsync(Cancel), "");
        Assert.Equal(Mask.Headers(Recording.Headers(expected["headers"])), Mask.Headers(Answers.Headers(answer)));
    }

    /// <summary>Compares what is not volatile; of a text that the recording has cut, its beginning.</summary>
    protected static void AssertText(string expected, string actual, string request)
    {
        expected = Mask.Text(expected, request);
        actual = Mask.Text(actual, request);
        if (Recording.Beginning(expected) is { } beginning)
        {
            Assert.StartsWith(beginning, actual);
            return;
        }

        Assert.Equal(expected, actual);
    }

    /// <summary>Compares when something came with when it did: to the tenth of a second, for no pause of the recordings is finer.</summary>
    protected static void AssertAt(JsonNode afterMilliseconds, DateTimeOffset first, DateTimeOffset at)
    {
        Assert.Equal(Rounded(afterMilliseconds), (at - first).TotalMilliseconds);
    }

    /// <summary>Gets what was meant by a time that was measured.</summary>
    protected static int Rounded(JsonNode milliseconds)
    {
        const int Finest = 100;
        var recorded = milliseconds.GetValue<int>();
        return recorded - (recorded % Finest);
    }

    protected static Reply ReplyOf(JsonNode answer) => new(
        answer["status"]!.GetValue<int>(),
        answer["body"]?.GetValue<string>() ?? "",
        [.. Recording.Headers(answer["headers"]).Select(header => (header.Key, header.Value))]);
}
