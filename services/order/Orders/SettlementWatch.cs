using System.Collections.Concurrent;
using DaprOrders.OrderService.Data;
using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Tells when an order is settled, by whichever instance of this service. However many readers wait, their orders are looked up in one query
/// every 25 ms, and in none while nobody waits.
/// </summary>
internal sealed class SettlementWatch(IServiceScopeFactory scopes, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(25);

    private readonly ConcurrentDictionary<TaskCompletionSource, Guid> _readers = [];
    private readonly SemaphoreSlim _arrived = new(0);

    /// <summary>Ends when the order is settled, or after <paramref name="patience"/> in any case.</summary>
    public async Task WaitAsync(Guid orderId, TimeSpan patience, CancellationToken cancellationToken)
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _readers[settled] = orderId;
        _arrived.Release();
        try
        {
            await settled.Task.WaitAsync(patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The reader gets the order as it is.
        }
        finally
        {
            _readers.TryRemove(settled, out _);
        }
    }

    public override void Dispose()
    {
        _arrived.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await _arrived.WaitAsync(stoppingToken);
            while (!_readers.IsEmpty)
            {
                await LookAsync(stoppingToken);
                await Task.Delay(Look, time, stoppingToken);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<OrderDbContext>();
            var ids = _readers.Values.Distinct().ToArray();
            var settled = await db.Orders
                .Where(order => ids.Contains(order.Id) && order.Status != OrderStatus.Pending)
                .Select(order => order.Id)
                .ToHashSetAsync(cancellationToken);
            foreach (var (reader, _) in _readers.Where(reader => settled.Contains(reader.Value)))
            {
                reader.TrySetResult();
            }
        }
        catch (Exception e) when (DatabaseErrors.IsTransient(e) && !cancellationToken.IsCancellationRequested)
        {
            // The database is away: the readers wait on, and are told so at the latest when their time is up.
        }
    }
}
