using DaprOrders.Testing;
using Npgsql;

namespace DaprOrders.OrderService.Tests.Orders;

/// <summary>Blocks the commit of transactions that place orders until they are released.</summary>
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
        var holder = new NpgsqlConnection(host.ConnectionString + ";Pooling=false"); // a pooled session would keep the lock
        await holder.OpenAsync();
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

    /// <summary>Waits until this many transactions are blocked in their commit.</summary>
    public Task UntilHeldAsync(int transactions = 1) => _host.UntilBlockedAsync(transactions);

    public async Task ReleaseAsync()
    {
        await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock(1)", _holder);
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _holder.DisposeAsync();
}
