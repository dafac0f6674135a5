using System.Diagnostics;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>Waits until the system is at rest. These waits end at their limit without an error, since the invariants report what is missing.</summary>
internal static class IdleSystem
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <param name="stack">The system.</param>
    /// <param name="limit">How long to wait at most.</param>
    /// <param name="quietPeriod">
    /// How long nothing may change, with empty outboxes, before nothing more is expected. Null if the sweep may still heal something.
    /// </param>
    /// <returns>How long it took.</returns>
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
    /// Waits until these orders have been notified. They are the last ones, in every partition: an earlier order that is still missing then was
    /// lost, and is not waiting for a service that starts slowly on a busy machine.
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
            return null; // still recovering
        }
    }

    private static async Task<long> CountAsync(StackHost stack, string database, string what) =>
        (long)(await stack.QueryAsync(database, $"SELECT count(*) FROM {what}"))!;

    private readonly record struct Progress(long Orders, long Pending, long OutboxRows, long Reservations, long Notifications)
    {
        public bool IsComplete => Pending == 0 && OutboxRows == 0 && Reservations >= Orders && Notifications >= Orders;
    }
}
