using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Testing;

/// <summary>
/// A clock that skips pauses of up to one second and does not advance otherwise. Retries therefore take no time, and the longer timeout of an
/// attempt never expires on a slow machine.
/// </summary>
public sealed class SkippedPauses : FakeTimeProvider
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime <= LongestPause)
        {
            ThreadPool.QueueUserWorkItem(_ => Advance(dueTime));
        }

        return timer;
    }
}
