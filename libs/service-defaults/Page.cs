namespace DaprOrders.ServiceDefaults;

/// <summary>A page of a list.</summary>
/// <typeparam name="T">The type of an item.</typeparam>
public sealed record Page<T>
{
    /// <summary>The items of the page.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>The cursor of the next page; null on the last page.</summary>
    public required string? Next { get; init; }
}

/// <summary>Creates pages of lists.</summary>
public static class Page
{
    /// <summary>Creates a page of up to <paramref name="limit"/> + 1 rows in list order. The additional row shows that there is a next page.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="limit">The number of items of a full page.</param>
    /// <param name="view">Converts a row to the item that clients see.</param>
    /// <param name="cursor">Returns the cursor of the page that starts after a row.</param>
    public static Page<TView> Of<TRow, TView>(IReadOnlyList<TRow> rows, int limit, Func<TRow, TView> view, Func<TRow, string> cursor)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(cursor);
        return new Page<TView> { Items = [.. rows.Take(limit).Select(view)], Next = rows.Count > limit ? cursor(rows[limit - 1]) : null };
    }
}
