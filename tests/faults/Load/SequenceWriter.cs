using Npgsql;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>
/// Inserts orders directly into the database of the order service, with few partition keys, to check that events with the same key are published in
/// commit order. Orders that are placed at the gateway all have different keys.
/// </summary>
internal sealed class SequenceWriter(string ordersDatabase, TimeSpan sweepAfter, Ledger ledger, Random random) : IAsyncDisposable
{
    public const int Keys = 3;

    /// <summary>
    /// The number of events of one key that may wait in the outbox. A relay publishes one event per key and call, so on a busy machine it is slower
    /// than this writer, and its outbox would never be empty.
    /// </summary>
    private const int MaxWaiting = 60;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(15);

    private readonly NpgsqlDataSource _orders = NpgsqlDataSource.Create(ordersDatabase + ";Timeout=5;Command Timeout=5");
    private readonly List<string>[] _written = Enumerable.Range(0, Keys).Select(_ => new List<string>()).ToArray();

    public static string KeyOf(int sequence) => $"sequence-{sequence}";

    /// <summary>Gets the order ids of each key in commit order. Includes orders that were not written, or whose commit has an unknown outcome.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Written => _written;

    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval);
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var id = Guid.CreateVersion7();
            var key = KeyOf(i % Keys);
            var order = new SentOrder($"{key} {id}", new OrderContent($"item-{random.Next(1, 10)}", 1));
            _written[i % Keys].Add(id.ToString());
            ledger.Send(order);
            try
            {
                if (await WriteAsync(id, key, order))
                {
                    ledger.Acknowledge(order.Key, id);
                }
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                // The database is unavailable. The order may or may not exist; the invariants allow both.
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public ValueTask DisposeAsync() => _orders.DisposeAsync();

    /// <summary>Writes the order with its event, unless too many events of the key wait in the outbox.</summary>
    private async Task<bool> WriteAsync(Guid id, string key, SentOrder order)
    {
        var (item, quantity) = order.Content;
        var data = $$"""{"order_id":"{{id}}","item_id":"{{item}}","quantity":{{quantity}},"created_at":"{{DateTimeOffset.UtcNow:O}}"}""";
        await using var command = _orders.CreateCommand(
            """
            WITH few_wait AS (
              SELECT FROM (SELECT FROM outbox WHERE topic = 'order.created' AND key = $4 LIMIT $8) AS waiting HAVING count(*) < $8),
            placed AS (
              INSERT INTO orders (id, item_id, quantity, status, owner, idempotency_key, created_at, next_sweep_at, sweeps)
              SELECT $1, $2, $7, 'pending', '', $3, now(), now() + $6, 0 FROM few_wait)
            INSERT INTO outbox (id, topic, key, data) SELECT $1, 'order.created', $4, $5::json FROM few_wait
            """);
        command.Parameters.AddWithValue(id);
        command.Parameters.AddWithValue(item);
        command.Parameters.AddWithValue(order.Key);
        command.Parameters.AddWithValue(key);
        command.Parameters.AddWithValue(data);
        command.Parameters.AddWithValue(sweepAfter);
        command.Parameters.AddWithValue(quantity);
        command.Parameters.AddWithValue(MaxWaiting);
        return await command.ExecuteNonQueryAsync() == 1;
    }
}
