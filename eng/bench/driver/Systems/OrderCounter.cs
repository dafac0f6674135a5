using System.Net.Http.Json;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Bench.Systems;

/// <summary>The number of orders of one measurement that have reached each state.</summary>
internal sealed record Counts(int Orders, int Settled, int Rejected, int Notified)
{
    /// <summary>Returns why the measurement is invalid: an order was lost, or over 1 % were refused or rejected. Returns null if it is valid.</summary>
    public string? FindProblem(int accepted, int refused)
    {
        if (Math.Min(Orders, Math.Min(Settled, Notified)) < accepted)
        {
            return $"orders were lost: {accepted} were accepted, but these were counted: {this}.";
        }

        return refused + Rejected > accepted / 100
            ? $"over 1 % of {accepted} orders failed: {refused} were refused, {Rejected} rejected."
            : null;
    }
}

/// <summary>Counts the orders that were placed after this counter was created.</summary>
internal interface IOrderCounter
{
    /// <summary>Counts the orders in all states. The queries load the database that is being measured.</summary>
    Task<Counts> CountAsync();

    /// <summary>Counts the accepted orders that are not yet settled and notified, with inexpensive queries.</summary>
    Task<int> CountUnfinishedAsync(int accepted);

    /// <summary>Returns whether all accepted orders are settled and notified, with inexpensive queries.</summary>
    Task<bool> IsDoneAsync(int accepted);

    /// <summary>Returns when each notification was committed, by order id; in a system without ids, by position in time.</summary>
    Task<IReadOnlyDictionary<string, DateTimeOffset>> NotifiedAsync();
}

/// <summary>Counts rows in the tables of a system.</summary>
internal sealed class RowCounter(NpgsqlDataSource orders, NpgsqlDataSource notifications, string schema) : IOrderCounter
{
    private readonly DateTimeOffset _since = DateTimeOffset.UtcNow;

    public async Task<Counts> CountAsync()
    {
        await using var command = orders.CreateCommand(
            $"SELECT count(*), count(*) FILTER (WHERE status <> 'pending'), count(*) FILTER (WHERE status = 'rejected') FROM {schema}.orders WHERE created_at >= $1");
        command.Parameters.Add(new() { Value = _since });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new Counts((int)reader.GetInt64(0), (int)reader.GetInt64(1), (int)reader.GetInt64(2), await NotificationsAsync());
    }

    public async Task<int> CountUnfinishedAsync(int accepted)
    {
        await using var pending = orders.CreateCommand($"SELECT count(*) FROM {schema}.orders WHERE status = 'pending'");
        var unsettled = (int)(long)(await pending.ExecuteScalarAsync())!;
        return Math.Max(unsettled, accepted - await NotificationsAsync());
    }

    public async Task<bool> IsDoneAsync(int accepted)
    {
        // The first query uses a small partial index. The second one runs only if no order is pending.
        await using var pending = orders.CreateCommand($"SELECT EXISTS (SELECT FROM {schema}.orders WHERE status = 'pending')");
        return await pending.ExecuteScalarAsync() is false && await NotificationsAsync() >= accepted;
    }

    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> NotifiedAsync()
    {
        await using var command = notifications.CreateCommand(
            $"SELECT order_id, pg_xact_commit_timestamp(xmin) FROM {schema}.notifications WHERE created_at >= $1");
        command.Parameters.Add(new() { Value = _since });
        await using var reader = await command.ExecuteReaderAsync();
        var times = new Dictionary<string, DateTimeOffset>();
        while (await reader.ReadAsync())
        {
            times[reader.GetGuid(0).ToString()] = reader.GetFieldValue<DateTimeOffset>(1);
        }

        return times;
    }

    private async Task<int> NotificationsAsync()
    {
        await using var command = notifications.CreateCommand($"SELECT count(*) FROM {schema}.notifications WHERE created_at >= $1");
        command.Parameters.Add(new() { Value = _since });
        return (int)(long)(await command.ExecuteScalarAsync())!;
    }
}

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

    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> NotifiedAsync()
    {
        var url = Url("notification", $"/bench/notified-times?since={_before.Notified}");
        var times = await _http.GetFromJsonAsync<long[]>(url) ?? [];
        return times.Order().Select((at, position) => (at, position))
            .ToDictionary(time => $"{time.position}", time => DateTimeOffset.UnixEpoch.AddMicroseconds(time.at));
    }

    private async Task<NoOpCounts> ReadCountsAsync()
    {
        var counts = await Task.WhenAll(_stack.Instances.Select(instance =>
            _http.GetFromJsonAsync<NoOpCounts>($"http://127.0.0.1:{instance.Port}/bench/counts")));
        return counts.Aggregate((sum, one) => new NoOpCounts(sum!.Orders + one!.Orders, sum.Confirmed + one.Confirmed, sum.Notified + one.Notified))!;
    }

    private string Url(string appId, string path) =>
        $"http://127.0.0.1:{_stack.Instances.Single(instance => instance.AppId == appId).Port}{path}";

    private sealed record NoOpCounts(long Orders, long Confirmed, long Notified);
}
