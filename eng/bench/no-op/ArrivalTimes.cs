namespace DaprOrders.NoOp;

/// <summary>When entries came, Unix epoch microseconds: the last so many of them.</summary>
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

    /// <summary>Gets the times from the <paramref name="first"/>-th entry (the first of all is 0) on, as far as they are kept.</summary>
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
