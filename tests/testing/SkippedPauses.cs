using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Testing;

/// <summary>
/// A clock that skips pauses of up to a second and stands still otherwise. Eight seconds of retries pass as fast as the sidecar answers, and no
/// timeout of an attempt expires because the machine is slow.
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
