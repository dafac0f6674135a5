using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Supervision;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Kills the emulator repeatedly while events are published, and checks that every accepted event is delivered.</summary>
[Trait("Form", "emulator")]
public sealed class CrashTests : IAsyncDisposable
{
    private const int MaxRuns = 10;
    private const int AcceptedBetweenKills = 50;
    private const int Publishers = 4;
    private const int EntriesPerPublish = 10;

    private readonly TestRun _run = new();
    private readonly TestApp _app = new(TimeProvider.System);
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });
    private readonly ConcurrentDictionary<string, byte> _accepted = new();
    private readonly ConcurrentDictionary<string, byte> _delivered = new();
    private readonly ConcurrentDictionary<string, int> _last = new();
    private readonly ConcurrentQueue<string> _disorder = new();
    private readonly int[] _next = new int[Publishers];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        await _app.DisposeAsync();
        _client.Dispose();
    }

    [Fact]
    public Task Accepted_events_survive_8_kills_under_load() => KillAsync(8);

    [Fact(Explicit = true)]
    public Task Accepted_events_survive_100_kills_under_load() => KillAsync(100);

    private async Task KillAsync(int kills)
    {
        var url = await StartAppAsync();
        for (var kill = 0; kill < kills; kill++)
        {
            // Count only kills during a publish, because other kills test less.
            var runs = 1;
            while (!await PublishUntilKilledAsync(url))
            {
                Assert.True(runs++ < MaxRuns, $"None of {MaxRuns} kills interrupted a publish");
            }
        }

        await StartAsync();
        await Waiting.UntilAsync(() => _accepted.Keys.All(_delivered.ContainsKey));

        Assert.InRange(_accepted.Count, kills * AcceptedBetweenKills, int.MaxValue);
        Assert.Empty(_disorder);
        Assert.All(_delivered.Keys, id => Assert.InRange(int.Parse(id.Split('-')[1]), 0, _next[int.Parse(id.Split('-')[0])]));
    }

    private async Task<string> StartAppAsync()
    {
        _app.Subscriptions = new AppResponse(
            200, """[{"pubsubname":"pubsub","topic":"t","route":"/in","bulkSubscribe":{"enabled":true,"maxMessagesCount":100,"maxAwaitDurationMs":2}}]""");
        _app.Respond = call => Task.FromResult(Handle(call));
        await _app.StartAsync();
        var port = FreePort.Take();
        File.Copy(Path.Combine(Recording.Folder, "setup", "pubsub.yaml"), _run.InFolder("resources", "pubsub.yaml"));
        await File.WriteAllTextAsync(
            _run.InFolder("dapr.yaml"),
            $"version: 1\ncommon: {{resourcesPaths: [./resources]}}\napps:\n- {{appID: a, appDirPath: ./app, appPort: {_app.Port}, daprHTTPPort: {port}}}\n",
            Cancel);
        return $"http://127.0.0.1:{port}/v1.0/publish/bulk/pubsub/t";
    }

    private Task StartAsync()
    {
        _run.ClearLines();
        _run.Start();
        return _run.WaitForLineAsync("Started Dapr with app id");
    }

    // Starts the emulator, publishes concurrently, and kills the emulator when enough events were accepted. Returns whether the kill
    // interrupted a publish.
    private async Task<bool> PublishUntilKilledAsync(string url)
    {
        await StartAsync();
        var (accepted, open, failed, killed) = (0, 0, 0, false);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var publishers = Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
        {
            while (!Volatile.Read(ref killed))
            {
                var numbers = Enumerable.Range(_next[publisher], EntriesPerPublish).ToList();
                _next[publisher] += EntriesPerPublish;
                Interlocked.Increment(ref open);
                try
                {
                    using var response = await _client.PostAsync(url, Body(publisher, numbers), Cancel);
                    Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
                    numbers.ForEach(number => _accepted[$"{publisher}-{number}"] = 0);
                    if (Interlocked.Add(ref accepted, numbers.Count) >= AcceptedBetweenKills)
                    {
                        enough.TrySetResult();
                    }
                }
                catch (HttpRequestException)
                {
                    // No response: the outcome is unknown.
                    Interlocked.Increment(ref failed);
                    return;
                }
                finally
                {
                    Interlocked.Decrement(ref open);
                }
            }
        })).ToArray();
        await Waiting.ForAsync(Task.WhenAny(enough.Task, Task.WhenAll(publishers)), () => "enough events to be accepted");
        Assert.True(enough.Task.IsCompleted, string.Join('\n', _run.Lines));
        SpinWait.SpinUntil(() => Volatile.Read(ref open) > 1, TimeSpan.FromSeconds(1));
        await _run.EndAsync(TestRun.Kill);
        Volatile.Write(ref killed, true);
        await Task.WhenAll(publishers);
        return failed > 0;
    }

    private static StringContent Body(int publisher, List<int> numbers) => new(
        JsonSerializer.Serialize(numbers.Select(number => new
        {
            entryId = $"{number}",
            @event = new { n = number },
            contentType = "application/json",
            metadata = new Dictionary<string, string> { ["cloudevent.id"] = $"{publisher}-{number}", ["partitionKey"] = $"{publisher}" },
        })),
        Encoding.UTF8,
        "application/json");

    private AppResponse Handle(Call call)
    {
        var entries = JsonNode.Parse(call.Body)!["entries"]!.AsArray();
        foreach (var id in entries.Select(entry => entry!["event"]!["id"]!.GetValue<string>()))
        {
            var (publisher, number) = (id.Split('-')[0], int.Parse(id.Split('-')[1]));
            // First deliveries of the events with one key must arrive in order.
            if (_delivered.TryAdd(id, 0) && number < _last.AddOrUpdate(publisher, number, (_, last) => Math.Max(last, number)))
            {
                _disorder.Enqueue(id);
            }
        }

        return new AppResponse(200, JsonSerializer.Serialize(new { statuses = entries.Select(entry => new { entryId = entry!["entryId"], status = "SUCCESS" }) }));
    }
}
