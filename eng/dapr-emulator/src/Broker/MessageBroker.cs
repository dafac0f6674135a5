using System.Collections.Concurrent;

namespace DaprOrders.DaprEmulator.Broker;

/// <summary>The built-in broker. Each topic has three partitions, and consumer groups store their offsets.</summary>
internal sealed class MessageBroker : IDisposable
{
    /// <summary>Suspends the broker for every app.</summary>
    public const string AllApps = "";

    private readonly RecordStore _store;
    private readonly RecordWriter _writer;
    private readonly ConcurrentDictionary<string, Topic> _topics = new();
    private readonly ConcurrentDictionary<(string Group, Topic Topic), ConsumerGroup> _groups = new();
    private readonly ConcurrentDictionary<(string Group, long Partition), long> _offsets;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _suspensions = new();

    public MessageBroker(string folder, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        _store = new RecordStore(Path.Combine(folder, "broker.db"));
        _writer = new RecordWriter(_store, time);
        _offsets = new(_store.ReadOffsets());
    }

    /// <summary>Appends records in order. The task completes when they are on disk.</summary>
    public Task AppendAsync(string topic, params IReadOnlyList<NewRecord> records) =>
        records.Count == 0 ? Task.CompletedTask : _writer.AppendAsync(Topic(topic), records);

    /// <summary>Makes the broker unreachable for the sidecars of one app, or for all. Publishing fails and nothing is delivered.</summary>
    /// <param name="appId">The app, or <see cref="AllApps"/>.</param>
    public void Suspend(string appId) =>
        _suspensions.TryAdd(appId, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Makes the broker reachable again.</summary>
    public void Resume(string appId)
    {
        if (_suspensions.TryRemove(appId, out var suspension))
        {
            suspension.SetResult();
        }
    }

    public bool IsReachableFrom(string appId) => !_suspensions.ContainsKey(AllApps) && !_suspensions.ContainsKey(appId);

    public async Task WaitUntilReachableAsync(string appId, CancellationToken cancellationToken)
    {
        while (!IsReachableFrom(appId))
        {
            foreach (var name in (string[])[AllApps, appId])
            {
                await (_suspensions.TryGetValue(name, out var suspension) ? suspension.Task.WaitAsync(cancellationToken) : Task.CompletedTask);
            }
        }
    }

    public ConsumerGroup Group(string name, string topic) =>
        _groups.GetOrAdd((name, Topic(topic)), static (key, broker) => new ConsumerGroup(broker, key.Group, key.Topic), this);

    public Topic Topic(string name) => _topics.GetOrAdd(name, static (key, store) => store.OpenTopic(key), _store);

    /// <summary>Gets the offset of the next record that a group reads, or null for a new group.</summary>
    public long? CommittedOffset(string group, Partition partition) =>
        _offsets.TryGetValue((group, partition.FirstRow), out var next) ? next : null;

    public void CommitOffset(string group, Partition partition, long next)
    {
        _offsets[(group, partition.FirstRow)] = next;
        _writer.CommitOffset(group, partition, next);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _store.Dispose();
    }
}
