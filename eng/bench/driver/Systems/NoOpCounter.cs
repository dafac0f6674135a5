using System.Net.Http.Json;
using DaprOrders.Bench.Load;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Systems;

/// <summary>Reads the counts of the no-op services.</summary>
internal sealed class NoOpCounter : IOrderCounter
{
    private readonly StackHost _stack;
    private readonly HttpClient _http;
    private NoOpCounts _before = new(0, 0, 0);

    private NoOpCounter(StackHost stack, HttpClient http) => (_stack, _http) = (stack, http);

    public static async Task<NoOpCounter> StartAsync(StackHost stack, HttpClient http)
    {
        var counter = new NoOpCounter(stack, http);
        counter._before = await counter.ReadCountsAsync();
        return counter;
    }

    public async Task<Counts> CountAsync()
    {
        var now = await ReadCountsAsync();
        return new Counts((int)(now.Orders - _before.Orders), (int)(now.Confirmed - _before.Confirmed), 0, (int)(now.Notified - _before.Notified));
    }

    public async Task<int> CountUnfinishedAsync(int accepted)
    {
        var now = await CountAsync();
        return accepted - Math.Min(now.Settled, now.Notified);
    }

    public async Task<bool> IsDoneAsync(int accepted) => await CountUnfinishedAsync(accepted) <= 0;

    /// <summary>The orders have no ids, so the n-th accepted order is matched with the n-th settled and the n-th notified order.</summary>
    public async Task<(OrderTimes Times, IReadOnlyList<AcceptedRequest> Requests)> ReadTimesAsync(IReadOnlyList<AcceptedRequest> requests) =>
        (new OrderTimes(await ReadTimesAsync("order", _before.Confirmed), await ReadTimesAsync("notification", _before.Notified)),
        [.. requests.OrderBy(request => request.Completed).Select((request, position) => request with { Order = IdOf(position) })]);

    public Task<IReadOnlyDictionary<string, double>> ReadBatchesAsync() => Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double>());

    private async Task<IReadOnlyDictionary<Guid, DateTimeOffset>> ReadTimesAsync(string appId, long since)
    {
        var port = _stack.Instances.Single(instance => instance.AppId == appId).Port;
        var times = await _http.GetFromJsonAsync<long[]>($"http://127.0.0.1:{port}/bench/times?since={since}") ?? [];
        return times.Order().Select((time, position) => (time, position))
            .ToDictionary(entry => IdOf(entry.position), entry => DateTimeOffset.UnixEpoch.AddMicroseconds(entry.time));
    }

    private async Task<NoOpCounts> ReadCountsAsync()
    {
        var counts = await Task.WhenAll(_stack.Instances.Select(instance =>
            _http.GetFromJsonAsync<NoOpCounts>($"http://127.0.0.1:{instance.Port}/bench/counts")));
        return counts.Aggregate((sum, one) => new NoOpCounts(sum!.Orders + one!.Orders, sum.Confirmed + one.Confirmed, sum.Notified + one.Notified))!;
    }

    private static Guid IdOf(int position) => new(position, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    private sealed record NoOpCounts(long Orders, long Confirmed, long Notified);
}
