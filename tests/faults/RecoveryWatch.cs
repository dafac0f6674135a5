using System.Diagnostics;
using System.Text.Json;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>Measures how long the system needs to recover from a fault.</summary>
internal static class RecoveryWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// An outbox with old events does not count: while orders are placed, a relay may need minutes to publish the events that have accumulated
    /// during a fault.
    /// </summary>
    private const string OutboxCheck = "outbox:";

    private static readonly string SequencePrefix = SequenceWriter.KeyOf(0).TrimEnd('0');

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };

    /// <summary>Waits until a client's order is acknowledged and all instances are ready.</summary>
    /// <exception cref="TimeoutException">The system did not recover in time. The message names what is missing.</exception>
    public static async Task<Recovery> WaitAsync(IReadOnlyList<AppInstance> instances, Ledger ledger, TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        var orders = CountOrders(ledger);
        var firstOrder = MeasureAsync("a client's order to be acknowledged", () => Task.FromResult<string?>(CountOrders(ledger) > orders ? null : "none was"));
        var ready = MeasureAsync("all instances to be ready", () => FindNotReadyAsync(instances));
        return new Recovery(await firstOrder, await ready);

        async Task<TimeSpan> MeasureAsync(string what, Func<Task<string?>> findMissingAsync)
        {
            await UntilAsync(what, findMissingAsync, limit);
            return Stopwatch.GetElapsedTime(began);
        }
    }

    /// <summary>Waits until instances respond to requests and receive events.</summary>
    /// <exception cref="TimeoutException">They were not ready in time.</exception>
    public static Task UntilReadyAsync(IReadOnlyList<AppInstance> instances) =>
        UntilAsync("instances to be ready", () => FindNotReadyAsync(instances), DefaultLimit);

    /// <summary>Waits until clients have placed a number of orders.</summary>
    /// <exception cref="TimeoutException">No order was acknowledged within the limit.</exception>
    public static async Task UntilOrdersAsync(Ledger ledger, int orders, TimeSpan limit)
    {
        var (count, changed) = (CountOrders(ledger), Stopwatch.GetTimestamp());
        using var timer = new PeriodicTimer(Interval);
        while (count < orders)
        {
            await timer.WaitForNextTickAsync();
            var now = CountOrders(ledger);
            if (now > count)
            {
                changed = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetElapsedTime(changed) > limit)
            {
                throw new TimeoutException($"No order was acknowledged for {limit.TotalSeconds:0} s, after {count} of {orders}.");
            }

            count = now;
        }
    }

    /// <summary>Returns the number of orders that clients placed. Orders that were written directly to the database do not count.</summary>
    public static int CountOrders(Ledger ledger) =>
        ledger.Acknowledged.Count(order => !order.Key.StartsWith(SequencePrefix, StringComparison.Ordinal));

    /// <summary>Returns the status and the failing checks of an instance; a status of 0 if it does not respond.</summary>
    public static async Task<(int Status, IReadOnlyList<string> Failing)> ReadHealthAsync(AppInstance instance)
    {
        try
        {
            using var response = await Http.GetAsync(new Uri($"http://127.0.0.1:{instance.Port}/healthz/ready"));
            using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            return (
                (int)response.StatusCode,
                body.RootElement.TryGetProperty("failing", out var failing) ? [.. failing.EnumerateObject().Select(check => $"{check.Name}: {check.Value}")] : []);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            return (0, [e.Message]);
        }
    }

    private static async Task<string?> FindNotReadyAsync(IReadOnlyList<AppInstance> instances)
    {
        var missing = (await Task.WhenAll(instances.Select(FindNotReadyAsync))).OfType<string>().ToList();
        return missing.Count == 0 ? null : string.Join("; ", missing);
    }

    private static async Task<string?> FindNotReadyAsync(AppInstance instance)
    {
        var (status, failing) = await ReadHealthAsync(instance);
        var relevant = failing.Where(check => !check.StartsWith(OutboxCheck, StringComparison.Ordinal)).ToList();
        return status == 200 && relevant.Count == 0 ? null : $"{instance}: {status} {string.Join(", ", relevant)}";
    }

    private static async Task UntilAsync(string what, Func<Task<string?>> findMissingAsync, TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Interval);
        while (await findMissingAsync() is { } missing)
        {
            if (Stopwatch.GetElapsedTime(began) > limit)
            {
                throw new TimeoutException($"Waited {limit.TotalSeconds:0} s for {what}: {missing}.");
            }

            await timer.WaitForNextTickAsync();
        }
    }
}
