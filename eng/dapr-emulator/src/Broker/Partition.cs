namespace DaprOrders.DaprEmulator.Broker;

/// <summary>One partition: its newest records in memory, the others in the store, and a signal for consumers that wait at its end.</summary>
internal sealed class Partition(RecordStore store, Topic topic, int number, long end)
{
    private const int MaxCached = 4096;

    private readonly Lock _gate = new();
    private readonly List<Record> _newest = [];
    private TaskCompletionSource? _appended;
    private long _end = end;

    public Topic Topic => topic;

    public int Number => number;

    /// <summary>Gets the first row id of this partition in the store, which has room for 2^40 records per partition.</summary>
    public long FirstRow => ((topic.Id * Topic.PartitionCount) + number) << 40;

    /// <summary>Gets the offset that the next record will have.</summary>
    public long End
    {
        get
        {
            lock (_gate)
            {
                return _end;
            }
        }
    }

    /// <summary>Adds records that the store has committed, and wakes waiting consumers.</summary>
    public void Append(List<Record> records)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            _newest.AddRange(records);
            _end += records.Count;
            if (_newest.Count > MaxCached)
            {
                _newest.RemoveRange(0, _newest.Count - (MaxCached / 2));
            }

            waiting = _appended;
            _appended = null;
        }

        waiting?.SetResult();
    }

    /// <summary>Completes when there is a record at <paramref name="offset"/>.</summary>
    public Task WaitForAsync(long offset, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                // Even when there are records: a consumer that lost the partition must not continue.
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

    /// <summary>Reads up to <paramref name="max"/> records from <paramref name="offset"/> on, without waiting.</summary>
    public IReadOnlyList<Record> Read(long offset, int max)
    {
        lock (_gate)
        {
            if (offset >= _end)
            {
                return [];
            }

            var cachedFrom = _end - _newest.Count;
            if (offset >= cachedFrom)
            {
                var start = (int)(offset - cachedFrom);
                return _newest.GetRange(start, Math.Min(max, _newest.Count - start));
            }
        }

        return store.Read(this, offset, max);
    }
}
