using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Gateway.Tests;

/// <summary>
/// A clock in which only the pauses between attempts take time, and they are over at once: eight seconds of retries pass as fast as the
/// sidecar answers, and no attempt runs out of time because the machine is slow.
/// </summary>
internal sealed class HurriedTime : FakeTimeProvider
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
