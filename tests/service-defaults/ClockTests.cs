using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class ClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly AdjustableTime _time = new();

    [Fact]
    public void Time_has_no_more_digits_than_the_database_stores()
    {
        var time = new FakeTimeProvider(Noon);
        time.Advance(TimeSpan.FromTicks(25));

        Assert.Equal(Noon.AddMicroseconds(2), time.GetMicrosecondNow());
    }

    [Fact]
    public void Steady_clock_continues_when_the_clock_is_set_back()
    {
        var clock = new SteadyClock(_time);
        Assert.Equal(Noon, clock.GetNow());

        _time.Error = TimeSpan.FromHours(-1);
        _time.Elapsed = TimeSpan.FromSeconds(10);
        Assert.Equal(Noon.AddSeconds(10), clock.GetNow());

        _time.Elapsed += TimeSpan.FromHours(2);
        Assert.Equal(Noon.AddHours(2).AddSeconds(10), clock.GetNow());
    }

    [Fact]
    public void Steady_clock_does_not_go_back_before_it_is_first_read()
    {
        var clock = new SteadyClock(_time);

        _time.Error = TimeSpan.FromHours(-1);

        Assert.Equal(Noon, clock.GetNow());
    }

    [Fact]
    public void Steady_clock_follows_a_clock_that_is_set_forward()
    {
        var clock = new SteadyClock(_time);
        clock.GetNow();

        _time.Error = TimeSpan.FromHours(1);

        Assert.Equal(Noon.AddHours(1), clock.GetNow());
    }

    /// <summary>A system clock that differs from the monotonic clock by an error. FakeTimeProvider has one clock for both.</summary>
    private sealed class AdjustableTime : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public TimeSpan Error { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;

        public override DateTimeOffset GetUtcNow() => Noon + Elapsed + Error;
    }
}
