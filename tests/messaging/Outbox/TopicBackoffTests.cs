using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Messaging.Tests.Outbox;

public sealed class TopicBackoffTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Pause_doubles_up_to_five_seconds_with_20_percent_jitter()
    {
        var backoff = new TopicBackoff(_time);
        foreach (var expected in (double[])[0.2, 0.4, 0.8, 1.6, 3.2, 5, 5])
        {
            backoff.Pause();
            Assert.InRange(backoff.Remaining.TotalSeconds, expected * 0.8, expected * 1.2);
        }
    }

    [Fact]
    public void Successful_call_resets_the_backoff()
    {
        var backoff = new TopicBackoff(_time);
        backoff.Pause(configurationError: "forbidden");
        backoff.HalveBatch(100);
        Assert.Equal((50, "forbidden", 1), (backoff.BatchLimit, backoff.ConfigurationError, backoff.Failures));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, backoff.Remaining);

        backoff.Reset();
        Assert.Equal((int.MaxValue, null, 0), (backoff.BatchLimit, backoff.ConfigurationError, backoff.Failures));
    }

    [Fact]
    public void Unknown_outcome_pauses_for_exactly_five_seconds()
    {
        var backoff = new TopicBackoff(_time);

        backoff.PauseAfterUnknownOutcome();

        Assert.Equal(TimeSpan.FromSeconds(5), backoff.Remaining);
    }

    [Fact]
    public void Setting_the_clock_back_does_not_extend_a_pause()
    {
        var clock = new SettableClock();
        var backoff = new TopicBackoff(clock);
        backoff.PauseAfterUnknownOutcome();

        clock.Now -= TimeSpan.FromHours(1);
        clock.Elapsed += TimeSpan.FromSeconds(5);

        Assert.Equal(TimeSpan.Zero, backoff.Remaining);
    }

    /// <summary>A clock whose system time can be changed independently of its monotonic time.</summary>
    private sealed class SettableClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
