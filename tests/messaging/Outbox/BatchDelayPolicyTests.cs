using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Messaging.Tests.Outbox;

public sealed class BatchDelayPolicyTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(100, 0.2, true)] // 500 per second
    [InlineData(100, 0.3, false)] // 333 per second
    [InlineData(9, 0.001, false)] // too few events to prove a high rate
    [InlineData(10, 0.001, true)]
    public void Relay_waits_only_above_400_events_per_second(int events, double seconds, bool expected)
    {
        var policy = new BatchDelayPolicy(_time);
        _time.Advance(TimeSpan.FromSeconds(1));
        policy.ShouldDelay(position: 1_000);

        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(expected, policy.ShouldDelay(1_000 + events));
    }

    [Fact]
    public void Events_published_by_other_instances_count()
    {
        var policy = new BatchDelayPolicy(_time);
        policy.ShouldDelay(position: 1_000);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(policy.ShouldDelay(position: 1_100)); // one event in this batch; another instance published the other 99
    }
}
