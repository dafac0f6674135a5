using System.Diagnostics;
using DaprOrders.Testing;
using Npgsql;

namespace DaprOrders.OrderService.Tests;

/// <summary>Keeps transactions that place orders from being committed, in their very last step, until they are released.</summary>
internal sealed class HeldCommits : IAsyncDisposable
{
    private readonly ServiceHost<Program> _host;
    private readonly NpgsqlConnection _holder;

    private HeldCommits(ServiceHost<Program> host, NpgsqlConnection holder)
    {
        _host = host;
        _holder = holder;
    }

    public static async Task<HeldCommits> HoldAsync(ServiceHost<Program> host)
    {
        var holder = await host.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
            SELECT pg_advisory_lock(1)
            """,
            holder);
        await command.ExecuteNonQueryAsync();
        return new HeldCommits(host, holder);
    }

    /// <summary>Waits until a transaction has done all but its commit.</summary>
    public Task HeldAsync() => UntilAsync(async () =>
        await _host.QueryAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'") > 0);

    public async Task ReleaseAsync()
    {
        await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock(1)", _holder);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
            await Task.Yield();
        }
    }

    public ValueTask DisposeAsync() => _holder.DisposeAsync();
}
