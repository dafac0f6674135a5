using System.Collections.Concurrent;

namespace DaprOrders.Messaging;

/// <summary>
/// Counts how often an event has failed, at most once per second, so that a burst of redeliveries does not use up all attempts. The counts are
/// in memory and start at zero after a restart.
/// </summary>
internal sealed class FailureCounter(TimeProvider time)
{
    private static readonly TimeSpan MinimumInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(string Topic, string EventId), (int Count, long At)> _failures = new();

    public int Count(string topic, string eventId) => _failures.AddOrUpdate(
        (topic, eventId),
        _ => (1, time.GetTimestamp()),
        (_, last) => time.GetElapsedTime(last.At) < MinimumInterval ? last : (last.Count + 1, time.GetTimestamp())).Count;

    public void Reset(string topic, string eventId) => _failures.TryRemove((topic, eventId), out _);
}
