using Npgsql;

namespace DaprOrders.Messaging.Tests.Outbox;

public sealed class OutboxTableTests(MessagingFixture fixture)
{
    private const int Rows = 2_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Rows)]
    [InlineData(3)]
    public async Task Batch_of_a_table_without_statistics_reads_each_row_a_few_times(int keys)
    {
        await using var host = await fixture.StartAsync();
        await using var outbox = OutboxTable.CreateDataSource(host.ConnectionString);
        await using var insert = outbox.CreateCommand(
            $"INSERT INTO outbox (id, topic, key, data) SELECT gen_random_uuid(), 'noted', 'key-' || i % {keys}, '{{}}' FROM generate_series(1, {Rows}) AS i");
        await insert.ExecuteNonQueryAsync(Cancel);

        await using var connection = await outbox.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        var batch = await OutboxTable.LockAndReadAsync(connection, new BatchLimits([], [], 200, 1 << 20), Cancel);

        await using var read = new NpgsqlCommand("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'outbox'", connection);
        Assert.Equal(Math.Min(keys, 200), batch.Rows.Count);
        Assert.InRange((long)(await read.ExecuteScalarAsync(Cancel))!, 1, 10 * Rows);
    }
}
