using System.Net.Http.Json;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Bench.Systems;

/// <summary>How far the orders of one measurement have come.</summary>
internal sealed record Counts(int Orders, int Settled, int Rejected, int Notified)
{
    /// <summary>What makes a measurement worthless: an order that is lost, or over 1 % of them refused or rejected.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Complaint(int accepted, int refused)
    {
        if (Math.Min(Orders, Math.Min(Settled, Notified)) < accepted)
        {
            return $"orders were lost: {accepted} were accepted, there are {this}.";
        }

        return refused + Rejected > accepted / 100
            ? $"over 1 % of {accepted} orders went wrong: {refused} were refused, {Rejected} rejected."
            : null;
    }
}

/// <summary>Counts the orders since it was made.</summary>
internal interface ITally
{
    /// <summary>Counts everything exactly, which costs the database that is being measured something.</summary>
    Task<Counts> CountAsync();

    /// <summary>Counts, of so many accepted orders, those that are not yet both settled and notified; cheaply.</summary>
    Task<int> CountUnfinishedAsync(int accepted);

    /// <summary>Whether every order is settled and notified; it asks little, since the database that it asks is being measured.</summary>
    Task<bool> IsDoneAsync(int accepted);

    /// <summary>When each order's notification was committed, by order id; in a system without ids, by place in time.</summary>
    Task<IReadOnlyDictionary<string, DateTimeOffset>> NotifiedAsync();
}

/// <summary>Counts rows in the tables of a system.</summary>
internal sealed class RowTally(NpgsqlDataSource orders, NpgsqlDataSource notifications, string schema) : ITally
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
        // The first is a partial index of few rows; the second is asked when that one is empty.
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

/// <summary>Asks the services that do nothing how much they have done.</summary>
internal sealed class NoOpTally : ITally
{
    private readonly StackHost _stack;
    private readonly HttpClient _http;
    private NoOpCounts _before = new(0, 0, 0);

    private NoOpTally(StackHost stack, HttpClient http) => (_stack, _http) = (stack, http);

    public static async Task<NoOpTally> StartAsync(StackHost stack, HttpClient http)
    {
        var tally = new NoOpTally(stack, http);
        tally._before = await tally.AskAsync();
        return tally;
    }

    public async Task<Counts> CountAsync()
    {
        var now = await AskAsync();
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
        return times.Order().Select((at, place) => (at, place))
            .ToDictionary(time => $"{time.place}", time => DateTimeOffset.UnixEpoch.AddMicroseconds(time.at));
    }

    private async Task<NoOpCounts> AskAsync()
    {
        var counts = await Task.WhenAll(_stack.Instances.Select(instance =>
            _http.GetFromJsonAsync<NoOpCounts>($"http://127.0.0.1:{instance.Port}/bench/counts")));
        return counts.Aggregate((sum, one) => new NoOpCounts(sum!.Orders + one!.Orders, sum.Confirmed + one.Confirmed, sum.Notified + one.Notified))!;
    }

    private string Url(string appId, string path) =>
        $"http://127.0.0.1:{_stack.Instances.Single(instance => instance.AppId == appId).Port}{path}";

    private sealed record NoOpCounts(long Orders, long Confirmed, long Notified);
}
