using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprOrders.ServiceDefaults;

/// <summary>A part of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
/// <param name="Items">At most as many as were asked for.</param>
/// <param name="Next">The cursor of the page after this one, or null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>What the lists of all services have in common.</summary>
public static class Page
{
    /// <summary>How many items a page has when nobody says.</summary>
    public const int DefaultLimit = 50;

    /// <summary>How many items a page has at most.</summary>
    public const int LargestLimit = 200;

    /// <summary>Reads how many items are wanted: 1 to 200, absent means 50.</summary>
    /// <param name="text">The text, or null when the parameter is absent.</param>
    /// <param name="limit">The number.</param>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParseLimit(string? text, out int limit)
    {
        limit = DefaultLimit;
        return text is null
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= LargestLimit);
    }

    /// <summary>Refuses a limit.</summary>
    /// <returns>A 400 that names it.</returns>
    public static ValidationProblem InvalidLimit() =>
        Parameters.Invalid("limit", $"limit must be a whole number from 1 to {LargestLimit}.");

    /// <summary>Refuses a cursor.</summary>
    /// <returns>A 400 that names it.</returns>
    public static ValidationProblem InvalidCursor() =>
        Parameters.Invalid("cursor", "cursor must be what an earlier page of this list gave as next.");

    /// <summary>Makes a page of rows, of which one more was read than fits: it tells that there is a next page.</summary>
    /// <typeparam name="TRow">The row.</typeparam>
    /// <typeparam name="TView">The row as clients see it.</typeparam>
    /// <param name="rows">The rows in the order of the list, at most <paramref name="limit"/> + 1.</param>
    /// <param name="limit">How many items fit.</param>
    /// <param name="view">Shows a row.</param>
    /// <param name="cursor">Gives the cursor that stands after a row.</param>
    /// <returns>The page.</returns>
    public static Page<TView> Of<TRow, TView>(IReadOnlyList<TRow> rows, int limit, Func<TRow, TView> view, Func<TRow, string> cursor)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(cursor);
        return new Page<TView>([.. rows.Take(limit).Select(view)], rows.Count > limit ? cursor(rows[limit - 1]) : null);
    }
}
