using System.Buffers.Binary;

namespace DaprOrders.Persistence;

/// <summary>Creates ids that sort by time: UUIDs of version 7, each greater than the one before in this process.</summary>
/// <remarks>
/// EF Core writes the rows of a table in the order of their keys, and lists are sorted by id. <see cref="Guid.CreateVersion7()"/> has random bits below
/// the millisecond, so ids of the same millisecond would have no order.
/// </remarks>
public static class Uuid7
{
    /// <summary>The steps of a millisecond: its fraction has 12 bits.</summary>
    private const int Steps = 1 << 12;

    /// <summary>Ids continue from the last one if the clock is set back by less than this, otherwise they follow the clock.</summary>
    private static readonly long MaxLead = (long)TimeSpan.FromSeconds(10).TotalMilliseconds * Steps;

    private static long _last;

    /// <summary>Returns a new id for the given time. Its first 48 bits are the milliseconds since 1970, the next 12 a fraction of the millisecond.</summary>
    public static Guid Next(DateTimeOffset now)
    {
        var (milliseconds, ticks) = Math.DivRem(now.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, TimeSpan.TicksPerMillisecond);
        ArgumentOutOfRangeException.ThrowIfNegative(milliseconds, nameof(now));
        var steps = Advance((milliseconds * Steps) + (ticks * Steps / TimeSpan.TicksPerMillisecond));

        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes, (steps / Steps << 16) | 0x7000 | (steps % Steps)); // the version is 7
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80); // the variant
        return new Guid(bytes, bigEndian: true);
    }

    private static long Advance(long now)
    {
        while (true)
        {
            var last = Volatile.Read(ref _last);
            var next = last - now > MaxLead ? now : Math.Max(now, last + 1);
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
            {
                return next;
            }
        }
    }
}
