using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Repeats one recorded case with new sidecars and compares the result with the recording.</summary>
internal abstract class Replay(TimeProvider? time = null, string? apiToken = null, string? appToken = null) : IAsyncDisposable
{
    protected TimeProvider Time { get; } = time ?? TimeProvider.System;

    protected TestHost Host { get; } = new(time, apiToken, appToken);

    protected TestApp App { get; } = new(time ?? TimeProvider.System);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Creates the replay for the cases of a file.</summary>
    public static Replay Of(string file) => file switch
    {
        "bulk_dead_letter" => new BulkDeliveryReplay("bdlq"),
        "bulk_delivery" => new BulkDeliveryReplay("probe"),
        "bulk_publish" or "publish" => new PublishReplay(),
        "component_errors" => new ComponentErrorReplay(),
        "delivery" => new DeliveryReplay(),
        "garbage" => new GarbageReplay(),
        "health" => new HealthReplay(),
        "invoke" => new InvokeReplay(new AutoAdvancingTime()),
        "invoke_with_timeout_policy" => new InvokeReplay(new FakeTimeProvider()),
        "metadata" => new MetadataReplay(),
        "run_file" => new RunFileReplay(),
        "shutdown" => new ShutdownReplay(),
        "startup" => new StartupReplay(),
        "subscribe" => new SubscribeReplay(),
        "tokens" => new TokensReplay(),
        _ => throw new ArgumentException($"There is no replay for {file}.json", nameof(file)),
    };

    public abstract Task RunAsync(string name, JsonNode recorded);

    public virtual async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await App.DisposeAsync();
    }

    /// <summary>Starts the app and a sidecar with the components and the subscriptions that most files were recorded with.</summary>
    protected async Task<Sidecar> StartProbeAsync()
    {
        AddProbeSetup();
        App.Subscriptions = new AppResponse(200, Recording.Case("startup", "calls_to_app")["calls"]![1]!["answer"]!["body"]!.GetValue<string>());
        await App.StartAsync();
        return await Host.StartAsync("probe", App.Port);
    }

    protected void AddProbeSetup() =>
        Host.AddSetup("kafkadlq.yaml", "mem.yaml", "pubsub.yaml", "redis.yaml", "resiliency.yaml", "scoped.yaml");

    protected async Task<HttpResponseMessage> SendAsync(Sidecar sidecar, JsonNode request)
    {
        using var message = Recording.Request(request, TestHost.AddressOf(sidecar));
        return await Host.Client.SendAsync(message, Cancel);
    }

    /// <summary>Sends the request of a case and compares the response.</summary>
    protected async Task ExchangeAsync(Sidecar sidecar, JsonNode recorded)
    {
        using var response = await SendAsync(sidecar, recorded["request"]!);
        await AssertResponseAsync(recorded["response"]!, response);
    }

    protected static async Task AssertResponseAsync(JsonNode expected, HttpResponseMessage response)
    {
        Assert.Equal(expected["status"]!.GetValue<int>(), (int)response.StatusCode);
        AssertText(expected["body"]!.GetValue<string>(), await response.Content.ReadAsStringAsync(Cancel));
        AssertHeaders(expected["headers"], HeadersOf(response));
    }

    protected static IEnumerable<KeyValuePair<string, string>> HeadersOf(HttpResponseMessage response) => response.Headers.NonValidated
        .Concat(response.Content.Headers.NonValidated)
        .Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()));

    protected static void AssertHeaders(JsonNode? expected, IEnumerable<KeyValuePair<string, string>> actual, string publishedTraces = "") =>
        Assert.Equal(Mask.Headers(Recording.Headers(expected), publishedTraces), Mask.Headers(actual, publishedTraces));

    /// <summary>Compares texts without values that differ from run to run. If the recording has truncated the text, compares only its beginning.</summary>
    /// <param name="request">The request. Traces in it are not replaced.</param>
    protected static void AssertText(string expected, string actual, JsonNode? request = null)
    {
        var publishedTraces = request?.ToJsonString() ?? "";
        if (Recording.TruncatedPrefix(expected) is { } prefix)
        {
            Assert.StartsWith(prefix, actual);
            return;
        }

        Assert.Equal(Mask.Text(expected, publishedTraces), Mask.Text(actual, publishedTraces));
    }

    /// <summary>Compares the records on the dead-letter topic.</summary>
    protected async Task<IReadOnlyList<Call>> AssertDeadLettersAsync(JsonArray expected)
    {
        var deadLetters = await App.WaitForAsync(expected.Count, "/dead");
        Assert.Equal(
            expected.Select(deadLetter => ShapeOf(Recording.Headers(deadLetter!["headers"]), deadLetter["body"]!.GetValue<string>())),
            deadLetters.Select(deadLetter => ShapeOf(deadLetter.Headers, deadLetter.Body)));
        return deadLetters;
    }

    // A raw dead letter contains the event in base64. Decode it to replace the values that differ from run to run.
    private static string ShapeOf(Dictionary<string, string> headers, string body)
    {
        if (Recording.TruncatedPrefix(body) is not null)
        {
            return Mask.Headers(headers);
        }

        var deadLetter = JsonNode.Parse(body)!.AsObject();
        if (deadLetter.Remove("data_base64", out var data))
        {
            deadLetter["data"] = Mask.Text(System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(data!.GetValue<string>())));
        }

        return $"{Mask.Headers(headers)}\n{Mask.Text(deadLetter.ToJsonString())}";
    }

    /// <summary>Compares times with a precision of 0.1 s. No delay in the recordings is shorter.</summary>
    protected static void AssertAt(JsonNode afterMilliseconds, DateTimeOffset first, DateTimeOffset at)
    {
        const int Precision = 100;
        var recorded = afterMilliseconds.GetValue<int>();
        Assert.Equal(recorded - (recorded % Precision), (at - first).TotalMilliseconds);
    }

    protected static AppResponse ResponseFrom(JsonNode response) => new(
        response["status"]!.GetValue<int>(),
        response["body"]?.GetValue<string>() ?? "",
        [.. Recording.Headers(response["headers"]).Select(header => (header.Key, header.Value))]);
}
