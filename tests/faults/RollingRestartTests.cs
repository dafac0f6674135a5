using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Faults.Tests;

/// <summary>Restarts instances with SIGTERM, as a deployment does. Unlike after a fault, no request may fail.</summary>
[Trait("Form", "faults")]
public sealed class RollingRestartTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SlowRequest = TimeSpan.FromSeconds(1);
    private static readonly string[] Restarted = ["order", "inventory", "notification"];

    [Fact(Explicit = true)]
    public async Task Rolling_restart_fails_no_request_and_duplicates_no_event()
    {
        AttachedSystem.Skip();
        await using var stack = new StackHost(new StackOptions
        {
            IsProxied = true,
            Instances = Restarted.ToDictionary(app => app, _ => 2),
        });
        await using var proxy = await FaultyProxy.StartAsync(stack.Instances, new RandomSources(1));
        await stack.StartAsync();
        var since = DateTimeOffset.UtcNow;
        var ledger = new Ledger();
        var failures = new ConcurrentQueue<string>();

        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OrderAsync(stack, ledger, failures, stop.Token)));
        foreach (var instance in stack.Instances.Where(instance => Restarted.Contains(instance.AppId)).ToList())
        {
            Assert.True(await stack.Runtime.SignalAsync(instance, Signal.Terminate));
            await stack.Runtime.StartAsync(instance);
            await stack.UntilReadyAsync(instance);
            output.WriteLine($"{instance} restarted, {ledger.Acknowledged.Count} orders");
        }

        await stop.CancelAsync();
        await load;
        await IdleSystem.WaitAsync(stack, TimeSpan.FromSeconds(60), quietPeriod: null);

        Assert.Empty(failures);
        Assert.Empty(Invariants.Check(await Snapshot.ReadAsync(stack, since), new Observations { Ledger = ledger }));
        Assert.True(
            proxy.Traffic.DuplicatePublishes == 0, // a relay deletes the events that the sidecar has accepted before it stops
            $"{proxy.Traffic.DuplicatePublishes} events were published twice. The slowest publish took {proxy.Traffic.SlowestPublish.TotalSeconds:F1} s; after 5 s a relay retries");
        Assert.True(ledger.Acknowledged.Count > 100, $"Only {ledger.Acknowledged.Count} orders were placed during the restarts");
    }

    /// <summary>Places orders without retries and checks every response.</summary>
    private async Task OrderAsync(StackHost stack, Ledger ledger, ConcurrentQueue<string> failures, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval);
        while (!stop.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            using var placed = await stack.Gateway.PostAsJsonAsync("/orders", new { item_id = "item-7", quantity = 1 }, CancellationToken.None);
            if (Stopwatch.GetElapsedTime(began) > SlowRequest)
            {
                output.WriteLine($"Slow request: an order was placed in {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
            }

            if (await ReadAsync(placed) is { } order)
            {
                var key = placed.Headers.GetValues("Idempotency-Key").Single();
                ledger.Send(new SentOrder(key, new OrderContent("item-7", 1)));
                ledger.Acknowledge(key, order.GetProperty("id").GetGuid());
                using var read = await stack.Gateway.GetAsync(new Uri($"/orders/{order.GetProperty("id").GetString()}?wait=1s", UriKind.Relative), CancellationToken.None);
                await ReadAsync(read);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        async Task<JsonElement?> ReadAsync(HttpResponseMessage response)
        {
            var body = await response.Content.ReadAsStringAsync(CancellationToken.None);
            if (response.IsSuccessStatusCode)
            {
                return JsonSerializer.Deserialize<JsonElement>(body);
            }

            failures.Enqueue($"{(int)response.StatusCode} {body}");
            return null;
        }
    }
}
