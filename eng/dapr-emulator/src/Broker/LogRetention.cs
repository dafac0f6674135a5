namespace DaprOrders.DaprEmulator.Broker;

/// <summary>
/// Keeps the log from growing for ever: over its size it deletes the oldest records that every group has read. When that is not
/// enough it warns, and only over twice the size the oldest go that somebody has yet to read.
/// </summary>
/// <param name="maxBytes">Not positive: nothing is ever deleted.</param>
internal sealed class LogRetention(RecordStore store, long maxBytes, Action<string> warn)
{
    private const int Chunk = 1000;
    private readonly long _interval = Math.Max(maxBytes / 16, 1);
    private long _appended;
    private bool _hasWarned;

    /// <summary>Called after a commit, by the thread that writes.</summary>
    public void Appended(long bytes)
    {
        _appended += bytes;
        if (maxBytes <= 0 || _appended < _interval)
        {
            return;
        }

        _appended = 0;
        Shrink();
    }

    private void Shrink()
    {
        if (store.UsedBytes() <= maxBytes)
        {
            _hasWarned = false;
            return;
        }

        Delete(unread: false, downTo: maxBytes - _interval);
        var used = store.UsedBytes();
        if (used <= maxBytes)
        {
            _hasWarned = false;
            return;
        }

        if (used > 2 * maxBytes)
        {
            var deleted = Delete(unread: true, downTo: (2 * maxBytes) - _interval);
            warn($"the log has twice its size of {Megabytes(maxBytes)}: its {deleted} oldest records are deleted though not every group has read them");
        }
        else if (!_hasWarned)
        {
            _hasWarned = true;
            warn($"the log has {Megabytes(used)}, more than its size of {Megabytes(maxBytes)}, and what is left of it is unread; "
                + $"at {Megabytes(2 * maxBytes)} the oldest records will be deleted all the same");
        }
    }

    private int Delete(bool unread, long downTo)
    {
        var all = 0;
        while (store.UsedBytes() > downTo && store.DeleteOldest(Chunk, unread) is var deleted and > 0)
        {
            all += deleted;
        }

        return all;
    }

    private static string Megabytes(long bytes) => $"{bytes / 1048576.0:0.#} MiB";
}
