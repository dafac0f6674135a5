using System.Diagnostics;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>Waits until the system is idle. A timeout is no error here, because the invariants report what is missing.</summary>
internal static class IdleSystem
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits until all orders are settled and notified, and returns the time that this took.</summary>
    /// <param name="stack">The system.</param>
    /// <param name="limit">The maximum time to wait.</param>
    /// <param name="quietPeriod">
    /// Ends the wait early if the outboxes are empty and nothing has changed for this time. Null if a sweep can still change something.
    /// </param>
    public static async Task<TimeSpan> WaitAsync(StackHost stack, TimeSpan limit, TimeSpan? quietPeriod)
    {
        var began = Stopwatch.GetTimestamp();
        var changed = began;
        var last = default(Progress);
        using var timer = new PeriodicTimer(Interval);
        while (Stopwatch.GetElapsedTime(began) < limit)
        {
            await timer.WaitForNextTickAsync();
            if (await TryReadAsync(stack) is not { } now)
            {
                continue;
            }

            if (now.IsComplete && now == last)
            {
                break;
            }

            if (now != last)
            {
                changed = Stopwatch.GetTimestamp();
                last = now;
            }

            if (quietPeriod is not null && now.OutboxRows == 0 && Stopwatch.GetElapsedTime(changed) > quietPeriod)
            {
                break;
            }
        }

        return Stopwatch.GetElapsedTime(began);
    }

    /// <summary>
    /// Waits until these orders are notified. They are the last orders in every partition. If an earlier order is still missing then, its event is
    /// lost and not only delayed by a service that starts slowly.
    /// </summary>
    public static async Task WaitUntilNotifiedAsync(StackHost stack, IReadOnlyList<Guid> orders, TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        var ids = string.Join(", ", orders.Select(id => $"'{id}'"));
        using var timer = new PeriodicTimer(Interval);
        while (await CountAsync(stack, "notification_db", $"notifications WHERE order_id IN ({ids})") < orders.Count && Stopwatch.GetElapsedTime(began) < limit)
        {
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task<Progress?> TryReadAsync(StackHost stack)
    {
        try
        {
            return new Progress(
                await CountAsync(stack, "orders_db", "orders"),
                await CountAsync(stack, "orders_db", "orders WHERE status = 'pending'"),
                await CountAsync(stack, "orders_db", "outbox") + await CountAsync(stack, "inventory_db", "outbox"),
                await CountAsync(stack, "inventory_db", "reservations"),
                await CountAsync(stack, "notification_db", "notifications"));
        }
        catch (NpgsqlException)
        {
            return null; // PostgreSQL is still recovering
        }
    }

    private static async Task<long> CountAsync(StackHost stack, string database, string what) =>
        (long)(await stack.QueryAsync(database, $"SELECT count(*) FROM {what}"))!;

    private readonly record struct Progress(long Orders, long Pending, long OutboxRows, long Reservations, long Notifications)
    {
        public bool IsComplete => Pending == 0 && OutboxRows == 0 && Reservations >= Orders && Notifications >= Orders;
    }
}
