namespace DaprOrders.DaprEmulator.Broker;

/// <summary>One partition of a topic. It caches the newest records in memory and wakes consumers that wait for more.</summary>
internal sealed class Partition(RecordStore store, Topic topic, int number, long end)
{
    private const int MaxCached = 4096;

    private readonly Lock _lock = new();
    private readonly List<Record> _cache = [];
    private TaskCompletionSource? _appended;
    private long _end = end;

    public Topic Topic => topic;

    public int Number => number;

    /// <summary>Gets the row id of the first record in the store. Each partition has 2^40 row ids.</summary>
    public long FirstRow => ((topic.Id * Topic.PartitionCount) + number) << 40;

    /// <summary>Gets the offset of the next record to be appended.</summary>
    public long End
    {
        get
        {
            lock (_lock)
            {
                return _end;
            }
        }
    }

    /// <summary>Adds records that the store has committed and wakes waiting consumers.</summary>
    public void Append(List<Record> records)
    {
        TaskCompletionSource? waiting;
        lock (_lock)
        {
            _cache.AddRange(records);
            _end += records.Count;
            if (_cache.Count > MaxCached)
            {
                _cache.RemoveRange(0, _cache.Count - (MaxCached / 2));
            }

            waiting = _appended;
            _appended = null;
        }

        waiting?.SetResult();
    }

    /// <summary>Waits until there is a record at <paramref name="offset"/>.</summary>
    public Task WaitForAsync(long offset, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                // Check this first: a consumer that lost the partition must stop even if there are more records.
                return Task.FromCanceled(cancellationToken);
            }

            if (offset < _end)
            {
                return Task.CompletedTask;
            }

            _appended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _appended.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Reads up to <paramref name="max"/> records, starting at <paramref name="offset"/>. Does not wait.</summary>
    public IReadOnlyList<Record> Read(long offset, int max)
    {
        lock (_lock)
        {
            if (offset >= _end)
            {
                return [];
            }

            var firstCached = _end - _cache.Count;
            if (offset >= firstCached)
            {
                var start = (int)(offset - firstCached);
                return _cache.GetRange(start, Math.Min(max, _cache.Count - start));
            }
        }

        return store.Read(this, offset, max);
    }
}
