using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Orders;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DaprOrders.OrderService.Sweep;

/// <summary>
/// Publishes <c>order.created</c> again for orders that are pending for too long: what broker or sidecar lost on the way there is made good by
/// that, and what they lost on the way back by inventory's repeating its answer.
/// </summary>
internal sealed partial class PendingOrderSweep(
    IServiceScopeFactory scopes, IOptions<SweepOptions> options, TimeProvider time, ILogger<PendingOrderSweep> logger) : BackgroundService
{
    private const int BatchSize = 200;

    private static readonly TimeSpan OutboxIsBehind = TimeSpan.FromSeconds(10);

    /// <summary>Sweeps once. Several instances share the work, since each skips the orders that another has locked.</summary>
    /// <returns>The number of orders whose event was published again.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrderDbContext>();
        if (await db.IsOutboxBehindAsync(OutboxIsBehind, cancellationToken))
        {
            return 0; // the events have not even left: more of them would not help
        }

        var now = time.GetMicrosecondNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var orders = await db.Orders
            .FromSql($"""
                SELECT * FROM orders WHERE status = 'pending' AND next_sweep_at <= {now}
                ORDER BY next_sweep_at LIMIT {BatchSize} FOR UPDATE SKIP LOCKED
                """)
            .ToListAsync(cancellationToken);
        foreach (var order in orders)
        {
            order.PutOffSweep(now, options.Value.After);
            LogSwept(order.Id, order.Sweeps);
        }

        await db.RepublishAsync(orders.Select(order => (OrderCreated.From(order), order.Id)), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return orders.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await SweepAsync(stoppingToken) == BatchSize)
                {
                }
            }
            catch (Exception e) when (DatabaseErrors.IsTransient(e) && !stoppingToken.IsCancellationRequested)
            {
                LogPutOff(e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Order {OrderId} is still pending, its event is published again, time {Sweeps}")]
    private partial void LogSwept(Guid orderId, int sweeps);

    [LoggerMessage(LogLevel.Debug, "The sweep is put off: {Error}")]
    private partial void LogPutOff(string error);
}
