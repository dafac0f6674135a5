using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprOrders.ServiceDefaults;

/// <summary>A page of a list.</summary>
/// <typeparam name="T">The type of an item.</typeparam>
/// <param name="Items">The items, at most as many as the limit.</param>
/// <param name="Next">The cursor of the next page, or null on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Reads the parameters of lists and creates their pages.</summary>
public static class Page
{
    /// <summary>The limit if the request has none.</summary>
    public const int DefaultLimit = 50;

    /// <summary>The largest limit.</summary>
    public const int LargestLimit = 200;

    /// <summary>Parses the limit: 1 to 200, and 50 if <paramref name="text"/> is null.</summary>
    public static bool TryParseLimit(string? text, out int limit)
    {
        limit = DefaultLimit;
        return text is null
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= LargestLimit);
    }

    /// <summary>Returns the 400 for a malformed limit.</summary>
    public static ValidationProblem InvalidLimit() =>
        Parameters.Invalid("limit", $"limit must be a whole number from 1 to {LargestLimit}.");

    /// <summary>Returns the 400 for a malformed cursor.</summary>
    public static ValidationProblem InvalidCursor() =>
        Parameters.Invalid("cursor", "cursor must be what an earlier page of this list gave as next.");

    /// <summary>Creates a page of up to <paramref name="limit"/> + 1 rows in list order. The additional row shows that there is a next page.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="limit">The number of items of a full page.</param>
    /// <param name="view">Converts a row to the item that clients see.</param>
    /// <param name="cursor">Returns the cursor of the page that starts after a row.</param>
    public static Page<TView> Of<TRow, TView>(IReadOnlyList<TRow> rows, int limit, Func<TRow, TView> view, Func<TRow, string> cursor)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(cursor);
        return new Page<TView>([.. rows.Take(limit).Select(view)], rows.Count > limit ? cursor(rows[limit - 1]) : null);
    }
}
