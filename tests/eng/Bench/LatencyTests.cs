using DaprOrders.Bench.Load;

namespace DaprOrders.Eng.Tests.Bench;

public sealed class LatencyTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(50, 2)]
    [InlineData(99, 4)]
    [InlineData(100, 4)]
    [InlineData(1, 1)]
    public void Percentile_is_one_of_the_measured_times(double percentile, double expected) =>
        Assert.Equal(expected, Latencies.Percentile([4, 1, 3, 2], percentile));

    [Fact]
    public void Delayed_request_counts_from_when_it_was_due()
    {
        AcceptedRequest[] requests = [new(null, Intended: 10, Completed: 12), new(null, Intended: 20, Completed: 520)];

        Assert.Equal(new Percentiles(2, 500), Latencies.OfResponses(requests));
    }

    [Fact]
    public void Outcome_counts_from_when_the_request_was_due_and_from_its_response()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        AcceptedRequest[] requests = [new(first, Intended: 0, Completed: 5), new(second, Intended: 10, Completed: 100)];
        var settled = new Dictionary<Guid, DateTimeOffset> { [first] = Start.AddMilliseconds(20), [second] = Start.AddMilliseconds(130) };

        var latencies = Latencies.OfOrders(Start, requests, settled, notified: new Dictionary<Guid, DateTimeOffset> { [first] = Start.AddMilliseconds(30) });

        Assert.Equal(new Percentiles(20, 120), latencies[Latencies.Settled]);
        Assert.Equal(new Percentiles(15, 30), latencies[Latencies.AcceptedToSettled]);
        Assert.Equal(new Percentiles(25, 25), latencies[Latencies.AcceptedToNotified]);
    }
}
