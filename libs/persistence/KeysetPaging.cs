using System.Buffers.Binary;
using System.Buffers.Text;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.ServiceDefaults;

/// <summary>Something that is listed newest first. The pair of both is unique and never changes, and an index serves it.</summary>
public interface INewestFirst
{
    /// <summary>Gets when it came to be, in whole microseconds.</summary>
    DateTimeOffset CreatedAt { get; }

    /// <summary>Gets its id.</summary>
    Guid Id { get; }
}

/// <summary>
/// A place in a list that is sorted by <see cref="INewestFirst"/>, newest first: right after one item. What comes later stands before it, so no
/// page shows an item twice or leaves one out, however many arrive meanwhile.
/// </summary>
/// <param name="CreatedAt">The item's time.</param>
/// <param name="Id">The item's id.</param>
public sealed record NewestFirstCursor(DateTimeOffset CreatedAt, Guid Id)
{
    private const int Bytes = sizeof(long) + 16;
    private const int Characters = Bytes / 3 * 4;

    /// <summary>Reads a cursor as <see cref="ToString"/> wrote it.</summary>
    /// <param name="text">The text, or null when the parameter is absent.</param>
    /// <param name="cursor">The cursor, or null for the start of the list.</param>
    /// <returns>Whether the text is one, or absent.</returns>
    public static bool TryParse(string? text, out NewestFirstCursor? cursor)
    {
        cursor = null;
        if (text is null)
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[Bytes];
        if (text.Length != Characters || !Base64Url.IsValid(text, out var written) || written != Bytes)
        {
            return false;
        }

        Base64Url.DecodeFromChars(text, bytes);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (ticks < DateTimeOffset.UnixEpoch.Ticks || ticks > DateTimeOffset.MaxValue.Ticks || ticks % TimeSpan.TicksPerMicrosecond != 0)
        {
            return false;
        }

        cursor = new NewestFirstCursor(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[sizeof(long)..], bigEndian: true));
        return true;
    }

    /// <summary>Writes the cursor: 32 characters that mean nothing to clients and need no escaping in a query.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, CreatedAt.UtcTicks);
        Id.TryWriteBytes(bytes[sizeof(long)..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }
}

/// <summary>Pages of such a list.</summary>
public static class NewestFirst
{
    /// <summary>Reads one page, without tracking.</summary>
    /// <typeparam name="T">The entity.</typeparam>
    /// <typeparam name="TView">The entity as clients see it.</typeparam>
    /// <param name="list">What is listed, in any order.</param>
    /// <param name="after">Where the page begins, or null for the start of the list.</param>
    /// <param name="limit">How many items fit.</param>
    /// <param name="view">Shows an entity.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The page.</returns>
    public static async Task<Page<TView>> ToPageAsync<T, TView>(
        this IQueryable<T> list, NewestFirstCursor? after, int limit, Func<T, TView> view, CancellationToken cancellationToken)
        where T : class, INewestFirst
    {
        if (after is not null)
        {
            // As one comparison of rows, which the index answers by beginning at the right place.
            list = list.Where(item => EF.Functions.LessThan(
                ValueTuple.Create(item.CreatedAt, item.Id), ValueTuple.Create(after.CreatedAt, after.Id)));
        }

        var rows = await list.AsNoTracking()
            .OrderByDescending(item => item.CreatedAt).ThenByDescending(item => item.Id)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return Page.Of(rows, limit, view, item => new NewestFirstCursor(item.CreatedAt, item.Id).ToString());
    }
}
