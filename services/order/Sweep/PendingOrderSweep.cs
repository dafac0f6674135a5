using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Orders;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DaprOrders.OrderService.Sweep;

/// <summary>
/// Republishes <c>order.created</c> for orders that stay pending. That repairs what the broker or a sidecar lost on the way to inventory, and on
/// the way back too, since inventory then republishes its reservation.
/// </summary>
internal sealed partial class PendingOrderSweep(
    IServiceScopeFactory scopes, IOptions<SweepOptions> options, BackgroundWork background, OrderMetrics metrics, TimeProvider time,
    ILogger<PendingOrderSweep> logger) : BackgroundService
{
    private const string Name = "Sweep";
    private const int BatchSize = 200;

    private static readonly TimeSpan MaxOutboxLag = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Overdue = TimeSpan.FromMinutes(1);

    private readonly SteadyClock _clock = new(time);

    /// <summary>Sweeps once. Several instances share the work, since each skips the orders that another has locked.</summary>
    /// <returns>How many events were republished.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrderDbContext>();
        if (await db.IsOutboxBehindAsync(MaxOutboxLag, cancellationToken))
        {
            return 0; // the events are not even published yet: more of them would not help
        }

        var now = _clock.GetNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var orders = await db.Orders
            .FromSql($"""
                SELECT * FROM orders WHERE status = 'pending' AND next_sweep_at <= {now}
                ORDER BY next_sweep_at LIMIT {BatchSize} FOR UPDATE SKIP LOCKED
                """)
            .ToListAsync(cancellationToken);
        foreach (var order in orders)
        {
            order.ScheduleNextSweep(now, options.Value.After);
            LogRepublished(order.Id, order.Sweeps);
        }

        await db.RepublishAsync(orders.OrderBy(order => order.Id).Select(OrderCreated.From), cancellationToken);
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

                metrics.PendingOverdue = await CountOverdueAsync(stoppingToken);
                background.Succeeded(Name);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                metrics.PendingOverdue = null;
                background.Failed(Name, e);
            }
        }
    }

    private async Task<long> CountOverdueAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var before = _clock.GetNow() - Overdue;
        return await scope.ServiceProvider.GetRequiredService<OrderDbContext>().Orders.LongCountAsync(
            order => order.Status == OrderStatus.Pending && order.CreatedAt < before, cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Order {OrderId} is still pending, republished its event, attempt {Sweeps}")]
    private partial void LogRepublished(Guid orderId, int sweeps);
}
