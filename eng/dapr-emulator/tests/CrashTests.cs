using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Supervision;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>The whole program is killed again and again while it is published to: what it has accepted is delivered.</summary>
public sealed class CrashTests : IAsyncDisposable
{
    private const int Kills = 100;
    private const int KillsDuringPublish = 80;
    private const int AcceptedBetweenKills = 50;
    private const int Publishers = 4;
    private const int EntriesPerPublish = 10;

    // A minute on two idle cores; nothing in it may hang.
    private const int AtMost = 15 * 60_000;

    private readonly TestRun _run = new();
    private readonly TestApp _app = new(TimeProvider.System);
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
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

    [Fact(Timeout = AtMost)]
    public async Task After_a_hundred_kills_under_load_everything_that_was_accepted_is_delivered()
    {
        var url = await StartAppAsync();
        var duringPublish = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await StartAsync();
            duringPublish += await PublishUntilKilledAsync(url);
        }

        await StartAsync();
        while (_accepted.Keys.Any(id => !_delivered.ContainsKey(id)))
        {
            // Each delivery is a call that the app notes; none for long means that something was lost.
            var before = _delivered.Count;
            await _app.WaitForNextAsync(TimeSpan.FromSeconds(20));
            Assert.True(_delivered.Count >= before);
        }

        Assert.InRange(duringPublish, KillsDuringPublish, Kills);
        Assert.InRange(_accepted.Count, Kills * AcceptedBetweenKills, int.MaxValue);
        Assert.Empty(_accepted.Keys.Except(_delivered.Keys));
        Assert.Empty(_disorder);
        Assert.All(_delivered.Keys, id => Assert.InRange(int.Parse(id.Split('-')[1]), 0, _next[int.Parse(id.Split('-')[0])]));
    }

    private async Task<string> StartAppAsync()
    {
        _app.Subscriptions = new Reply(
            200, """[{"pubsubname":"pubsub","topic":"t","route":"/in","bulkSubscribe":{"enabled":true,"maxMessagesCount":100,"maxAwaitDurationMs":2}}]""");
        _app.Answer = call => Task.FromResult(Handle(call));
        await _app.StartAsync();
        var port = FreePort.Take();
        File.Copy(Path.Combine(Recording.Folder, "setup", "pubsub.yaml"), _run.InFolder("resources", "pubsub.yaml"));
        await File.WriteAllTextAsync(
            _run.InFolder("dapr.yaml"),
            $"version: 1\ncommon: {{resourcesPaths: [./resources]}}\napps:\n- {{appID: a, appDirPath: ./app, appPort: {_app.Port}, daprHTTPPort: {port}}}\n",
            Cancel);
        return $"http://127.0.0.1:{port}/v1.0/publish/bulk/pubsub/t";
    }

    private async Task StartAsync()
    {
        _run.ForgetLines();
        _run.Start();
        await _run.WaitForLineAsync("Started Dapr with app id");
    }

    // Publishes on several connections at once and kills when enough was accepted; 1 when a publish was open then.
    private async Task<int> PublishUntilKilledAsync(string url)
    {
        var accepted = 0;
        var open = 0;
        var failed = 0;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var killed = false;
        var publishers = Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
        {
            while (!Volatile.Read(ref killed))
            {
                var numbers = Enumerable.Range(_next[publisher], EntriesPerPublish).ToList();
                _next[publisher] += EntriesPerPublish;
                Interlocked.Increment(ref open);
                try
                {
                    using var answer = await _client.PostAsync(url, Body(publisher, numbers), Cancel);
                    Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
                    numbers.ForEach(number => _accepted[$"{publisher}-{number}"] = 0);
                    if (Interlocked.Add(ref accepted, numbers.Count) >= AcceptedBetweenKills)
                    {
                        enough.TrySetResult();
                    }
                }
                catch (HttpRequestException)
                {
                    // No answer: accepted or not, nobody knows.
                    Interlocked.Increment(ref failed);
                    return;
                }
                finally
                {
                    Interlocked.Decrement(ref open);
                }
            }
        })).ToArray();
        await Task.WhenAny(enough.Task, Task.WhenAll(publishers));
        Assert.True(enough.Task.IsCompleted, string.Join('\n', _run.Lines));
        // Caught between two publishes of all at once it would prove less.
        SpinWait.SpinUntil(() => Volatile.Read(ref open) > 1, TimeSpan.FromSeconds(1));
        await _run.KillAsync();
        Volatile.Write(ref killed, true);
        await Task.WhenAll(publishers);
        return failed > 0 ? 1 : 0;
    }

    private static StringContent Body(int publisher, List<int> numbers) => new(
        "[" + string.Join(',', numbers.Select(number =>
            $$$"""{"entryId":"{{{number}}}","event":{"n":{{{number}}}},"contentType":"application/json","metadata":{"cloudevent.id":"{{{publisher}}}-{{{number}}}","partitionKey":"{{{publisher}}}"}}"""))
        + "]",
        System.Text.Encoding.UTF8,
        "application/json");

    private Reply Handle(Call call)
    {
        var entries = JsonNode.Parse(call.Body)!["entries"]!.AsArray();
        foreach (var id in entries.Select(entry => entry!["event"]!["id"]!.GetValue<string>()))
        {
            var (publisher, number) = (id.Split('-')[0], int.Parse(id.Split('-')[1]));
            // What comes for the first time comes in the order of its key.
            if (_delivered.TryAdd(id, 0) && number < _last.AddOrUpdate(publisher, number, (_, last) => Math.Max(last, number)))
            {
                _disorder.Enqueue(id);
            }
        }

        return new Reply(200, new JsonObject
        {
            ["statuses"] = new JsonArray([.. entries.Select(entry => new JsonObject { ["entryId"] = entry!["entryId"]!.GetValue<string>(), ["status"] = "SUCCESS" })]),
        }.ToJsonString());
    }
}
