using System.Buffers.Binary;
using System.Buffers.Text;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Persistence;

/// <summary>Defines an entity that is listed newest first, in the order of its ids.</summary>
public interface IKeysetPaged
{
    /// <summary>Gets the creation time, in whole microseconds. It is part of the cursor, but does not order the list.</summary>
    DateTimeOffset CreatedAt { get; }

    /// <summary>Gets the id, which must increase with time: see <see cref="Uuid7"/>.</summary>
    Guid Id { get; }
}

/// <summary>
/// Points to the item after which the next page starts. New items are added before it, so no page repeats or omits an item while the list grows.
/// </summary>
/// <param name="CreatedAt">
/// The creation time of the item. Earlier versions order by it, and run beside this one during an update, so every cursor still has it.
/// </param>
/// <param name="Id">The id of the item.</param>
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

    /// <summary>Returns the cursor as 32 characters that need no escaping in a URL. Clients treat them as opaque.</summary>
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

/// <summary>Reads lists in pages.</summary>
public static class KeysetPaging
{
    /// <summary>Reads one page, newest first, without tracking.</summary>
    /// <param name="list">The entities, in any order.</param>
    /// <param name="after">The cursor of the page; null for the first page.</param>
    /// <param name="limit">The maximum number of items; null for the default.</param>
    /// <param name="view">Converts an entity to the item of the response.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public static async Task<Page<TView>> ToPageAsync<T, TView>(
        this IQueryable<T> list, KeysetCursor? after, PageLimit? limit, Func<T, TView> view, CancellationToken cancellationToken)
        where T : class, IKeysetPaged
    {
        if (after is not null)
        {
            list = list.Where(item => item.Id < after.Id);
        }

        var size = limit?.Value ?? PageLimit.Default;
        var rows = await list.AsNoTracking()
            .OrderByDescending(item => item.Id)
            .Take(size + 1)
            .ToListAsync(cancellationToken);
        return Page.Of(rows, size, view, item => new KeysetCursor(item.CreatedAt, item.Id).ToString());
    }
}
