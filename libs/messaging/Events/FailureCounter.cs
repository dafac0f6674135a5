using System.Collections.Concurrent;

namespace DaprOrders.Messaging;

/// <summary>
/// Counts the failures that an event itself causes, at most one per second: an event that fails five times within a moment has not had five
/// chances. The counts are in memory, so a restart begins again.
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
