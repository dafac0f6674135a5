using System.Buffers.Binary;
using System.Buffers.Text;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Persistence;

/// <summary>An entity that is listed newest first. The pair of both properties is unique, never changes and needs an index.</summary>
public interface IKeysetPaged
{
    /// <summary>Gets the time of its creation, in whole microseconds.</summary>
    DateTimeOffset CreatedAt { get; }

    /// <summary>Gets the id.</summary>
    Guid Id { get; }
}

/// <summary>
/// The position after one item of a list of <see cref="IKeysetPaged"/>, newest first. New items come before it, so no page repeats or omits an
/// item while the list grows.
/// </summary>
/// <param name="CreatedAt">The item's time.</param>
/// <param name="Id">The item's id.</param>
public sealed record KeysetCursor(DateTimeOffset CreatedAt, Guid Id)
    : RequestParameter("cursor", "the value of next in an earlier page of this list")
{
    private const int Bytes = sizeof(long) + 16;
    private const int Characters = Bytes / 3 * 4;

    /// <summary>Parses the text that <see cref="ToString"/> returns. Always returns true.</summary>
    public static bool TryParse(string? text, out KeysetCursor cursor)
    {
        cursor = Parse(text) ?? new KeysetCursor(default, default) { Malformed = text };
        return true;
    }

    /// <summary>Returns the cursor as 32 characters that are opaque to clients and need no escaping in a query.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, CreatedAt.UtcTicks);
        Id.TryWriteBytes(bytes[sizeof(long)..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    private static KeysetCursor? Parse(string? text)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        if (text?.Length != Characters || !Base64Url.IsValid(text, out var written) || written != Bytes)
        {
            return null;
        }

        Base64Url.DecodeFromChars(text, bytes);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return ticks < DateTimeOffset.UnixEpoch.Ticks || ticks > DateTimeOffset.MaxValue.Ticks || ticks % TimeSpan.TicksPerMicrosecond != 0
            ? null
            : new KeysetCursor(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[sizeof(long)..], bigEndian: true));
    }
}

/// <summary>Reads pages of lists of <see cref="IKeysetPaged"/>.</summary>
public static class KeysetPaging
{
    /// <summary>Reads one page without tracking.</summary>
    /// <param name="list">The entities, in any order.</param>
    /// <param name="after">The position after which the page starts; null for the start of the list.</param>
    /// <param name="limit">The number of items of a full page; null for the default.</param>
    /// <param name="view">Converts an entity to the item that clients see.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public static async Task<Page<TView>> ToPageAsync<T, TView>(
        this IQueryable<T> list, KeysetCursor? after, PageLimit? limit, Func<T, TView> view, CancellationToken cancellationToken)
        where T : class, IKeysetPaged
    {
        if (after is not null)
        {
            // One comparison of rows, so that the index starts at the right place.
            list = list.Where(item => EF.Functions.LessThan(
                ValueTuple.Create(item.CreatedAt, item.Id), ValueTuple.Create(after.CreatedAt, after.Id)));
        }

        var size = limit?.Value ?? PageLimit.Default;
        var rows = await list.AsNoTracking()
            .OrderByDescending(item => item.CreatedAt).ThenByDescending(item => item.Id)
            .Take(size + 1)
            .ToListAsync(cancellationToken);
        return Page.Of(rows, size, view, item => new KeysetCursor(item.CreatedAt, item.Id).ToString());
    }
}
