using System.Collections.Concurrent;

namespace DaprOrders.Messaging;

/// <summary>
/// Counts how often handling an event failed, at most once per second, so that one short problem does not use up all attempts. The counts are in
/// memory and lost in a restart.
/// </summary>
internal sealed class FailureCounter(TimeProvider time)
{
    private static readonly TimeSpan Distance = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(string Topic, string EventId), (int Count, DateTimeOffset At)> _failures = new();

    public int Count(string topic, string eventId)
    {
        var now = time.GetUtcNow();
        return _failures.AddOrUpdate(
            (topic, eventId),
            static (_, now) => (1, now),
            static (_, last, now) => now - last.At < Distance ? last : (last.Count + 1, now),
            now).Count;
    }

    public void Forget(string topic, string eventId) => _failures.TryRemove((topic, eventId), out _);
}
