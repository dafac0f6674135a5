using System.Collections.Concurrent;
using DaprOrders.OrderService.Data;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Tells waiting readers when an order is settled, by whichever instance of this service. One query every 25 ms serves all readers, and there is
/// none while nobody waits.
/// </summary>
internal sealed class SettlementWatch(IServiceScopeFactory scopes, BackgroundWork background, TimeProvider time) : BackgroundService
{
    private const string Name = "Search for settled orders";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private readonly ConcurrentDictionary<TaskCompletionSource, Guid> _readers = [];
    private readonly SemaphoreSlim _arrived = new(0);

    /// <summary>Waits until the order is settled, but no longer than <paramref name="timeout"/>.</summary>
    public async Task WaitAsync(Guid orderId, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _readers[settled] = orderId;
        _arrived.Release();
        try
        {
            await settled.Task.WaitAsync(timeout, time, cancellationToken);
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
                await PollAsync(stoppingToken);
                await Task.Delay(PollInterval, time, stoppingToken);
            }
        }
    }

    private async Task PollAsync(CancellationToken cancellationToken)
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

            background.Succeeded(Name);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            background.Failed(Name, e); // the readers wait until their timeout, and then get the error themselves
        }
    }
}
