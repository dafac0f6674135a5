using System.Collections.Concurrent;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>Records the published and delivered events that the invariants need.</summary>
internal sealed class TrafficRecorder
{
    private readonly ConcurrentDictionary<(string Consumer, string EventId), bool> _handled = new();
    private readonly ConcurrentDictionary<string, int> _duplicates = new();
    private readonly ConcurrentDictionary<AppInstance, int> _consumers = new();
    private readonly ConcurrentDictionary<string, List<string>> _publishOrder = new();
    private readonly ConcurrentDictionary<string, bool> _accepted = new();
    private int _lost;
    private int _duplicatePublishes;

    /// <summary>Gets the number of events that each consumer received again after it had acknowledged them.</summary>
    public IReadOnlyDictionary<string, int> Duplicates => _duplicates;

    /// <summary>Gets the instances that handled at least one event.</summary>
    public ICollection<AppInstance> Consumers => _consumers.Keys;

    /// <summary>Gets the number of events that the proxy removed.</summary>
    public int LostEvents => _lost;

    /// <summary>Gets how often a sidecar accepted an event that a sidecar had accepted before.</summary>
    public int DuplicatePublishes => _duplicatePublishes;

    /// <summary>Gets the duration of the slowest bulk publish.</summary>
    public TimeSpan SlowestPublish { get; private set; }

    /// <summary>Gets the event ids of each watched key, in the order in which a sidecar first accepted them.</summary>
    public IReadOnlyDictionary<string, List<string>> PublishOrder => _publishOrder;

    /// <summary>Gets the number of events that an instance handled.</summary>
    public int EventsHandledBy(AppInstance instance) => _consumers.GetValueOrDefault(instance);

    /// <summary>Starts to record the order of the events with this key.</summary>
    public void Watch(string key) => _publishOrder.TryAdd(key, []);

    public void RecordLost(int events) => Interlocked.Add(ref _lost, events);

    public void RecordDelivery(AppInstance instance, Delivery? delivery, byte[]? response)
    {
        if (delivery is null || response is null)
        {
            return;
        }

        foreach (var eventId in delivery.GetHandledEvents(response))
        {
            _consumers.AddOrUpdate(instance, 1, (_, count) => count + 1);
            if (!_handled.TryAdd((instance.AppId, eventId), true))
            {
                _duplicates.AddOrUpdate(instance.AppId, 1, (_, count) => count + 1);
            }
        }
    }

    public void RecordPublish(Publish? publish, int status, TimeSpan duration)
    {
        if (publish is null || status != 204)
        {
            return;
        }

        lock (_accepted)
        {
            SlowestPublish = duration > SlowestPublish ? duration : SlowestPublish;
        }

        foreach (var (key, eventId) in publish.Entries)
        {
            if (!_accepted.TryAdd(eventId, true))
            {
                Interlocked.Increment(ref _duplicatePublishes);
            }

            if (!_publishOrder.TryGetValue(key, out var events))
            {
                continue;
            }

            lock (events)
            {
                if (!events.Contains(eventId))
                {
                    events.Add(eventId);
                }
            }
        }
    }
}
