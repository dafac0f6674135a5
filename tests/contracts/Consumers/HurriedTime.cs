using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>A clock on which a pause between attempts is over at once. Time-outs of attempts never come: a slow machine is no failure.</summary>
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
