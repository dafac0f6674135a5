namespace DaprOrders.NoOp;

/// <summary>Records when entries arrived, in microseconds since the Unix epoch. It keeps only the last ones.</summary>
/// <param name="capacity">The number of times that are kept.</param>
internal sealed class ArrivalTimes(int capacity)
{
    private readonly long[] _ring = new long[capacity];
    private readonly Lock _gate = new();
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public void Add(int entries)
    {
        var now = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        lock (_gate)
        {
            for (var i = 0; i < entries; i++)
            {
                _ring[_count++ % capacity] = now;
            }
        }
    }

    /// <summary>Returns the times that are kept, starting with the entry at index <paramref name="first"/>.</summary>
    public long[] Since(long first)
    {
        lock (_gate)
        {
            var start = Math.Max(first, Math.Max(0, _count - capacity));
            var times = new long[Math.Max(0, _count - start)];
            for (var i = 0; i < times.Length; i++)
            {
                times[i] = _ring[(start + i) % capacity];
            }

            return times;
        }
    }
}
