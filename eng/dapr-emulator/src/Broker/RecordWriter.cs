namespace DaprOrders.DaprEmulator.Broker;

/// <summary>Writes records and offsets on a single thread. Appends that arrive during a commit share the next commit.</summary>
internal sealed class RecordWriter : IDisposable
{
    // A crash loses offsets that were committed within this time, so their records are redelivered. Dapr's Kafka client loses up to a second.
    private static readonly TimeSpan MaxOffsetDelay = TimeSpan.FromMilliseconds(200);

    private readonly RecordStore _store;
    private readonly TimeProvider _time;
    private readonly object _lock = new();
    private readonly Thread _thread;
    private List<Append> _appends = [];
    private Dictionary<(string Group, Partition Partition), long> _offsets = [];
    private bool _stopping;

    public RecordWriter(RecordStore store, TimeProvider time)
    {
        _store = store;
        _time = time;
        _thread = new Thread(Run) { IsBackground = true, Name = "record writer" };
        _thread.Start();
    }

    /// <summary>Appends records. The task completes when they are on disk and visible to consumers.</summary>
    public Task AppendAsync(Topic topic, IReadOnlyList<NewRecord> records)
    {
        var append = new Append(topic, records, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _appends.Add(append);
            Monitor.Pulse(_lock);
        }

        return append.Done.Task;
    }

    public void CommitOffset(string group, Partition partition, long next)
    {
        lock (_lock)
        {
            _offsets[(group, partition)] = next;
            if (_offsets.Count == 1)
            {
                Monitor.Pulse(_lock);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.Pulse(_lock);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (Next() is var (appends, offsets))
        {
            Write(appends, offsets);
        }
    }

    private (List<Append> Appends, Dictionary<(string Group, Partition Partition), long> Offsets)? Next()
    {
        lock (_lock)
        {
            while (_appends.Count == 0 && !_stopping)
            {
                if (_offsets.Count == 0)
                {
                    Monitor.Wait(_lock);
                }
                else if (!Monitor.Wait(_lock, MaxOffsetDelay))
                {
                    break;
                }
            }

            if (_appends.Count == 0 && _offsets.Count == 0)
            {
                return null;
            }

            var work = (_appends, _offsets);
            _appends = [];
            _offsets = [];
            return work;
        }
    }

    private void Write(List<Append> appends, Dictionary<(string Group, Partition Partition), long> offsets)
    {
        var added = new Dictionary<Partition, List<Record>>();
        try
        {
            using var transaction = _store.Begin();
            var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var append in appends)
            {
                foreach (var record in append.Records)
                {
                    var partition = append.Topic.PartitionOf(record.Key);
                    if (!added.TryGetValue(partition, out var list))
                    {
                        added[partition] = list = [];
                    }

                    var stored = new Record(partition, partition.End + list.Count, record.Key, record.Value, record.Headers, now);
                    _store.Insert(stored, transaction);
                    list.Add(stored);
                }
            }

            foreach (var ((group, partition), next) in offsets)
            {
                _store.SetOffset(group, partition, next, transaction);
            }

            transaction.Commit();
        }
        catch (Exception failure)
        {
            // A full disk must not end the thread. The publishers receive the error, and the next commit may succeed.
            appends.ForEach(append => append.Done.SetException(failure));
            return;
        }

        foreach (var (partition, records) in added)
        {
            partition.Append(records);
        }

        appends.ForEach(append => append.Done.SetResult());
    }

    private sealed record Append(Topic Topic, IReadOnlyList<NewRecord> Records, TaskCompletionSource Done);
}
