using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace DaprOrders.ServiceDefaults;

/// <summary>Reads the header that identifies a request: requests with the same key are the same request.</summary>
/// <seealso href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"/>
public static class IdempotencyKey
{
    /// <summary>The name of the header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The header of a replayed response.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>The regular expression of a key.</summary>
    public const string Pattern = "^[!-~]{1,255}$";

    /// <summary>The error message for a missing or malformed key.</summary>
    public const string Rule = "The header Idempotency-Key must be there once, with 1 to 255 visible ASCII characters.";

    /// <summary>The error message for the key of a batch, which is shorter because <see cref="OfEntry"/> appends to it.</summary>
    public const string BatchRule = "The header Idempotency-Key of a batch must be there once, with 1 to 250 visible ASCII characters.";

    private const int LongestOfBatch = 250;

    /// <summary>Returns whether the header has exactly one value, with 1 to 255 characters of visible ASCII.</summary>
    public static bool IsValid(StringValues values) =>
        values is [{ Length: >= 1 and <= 255 } key] && key.All(c => c is >= '!' and <= '~');

    /// <summary>Returns whether the header has exactly one value, with 1 to 250 characters of visible ASCII.</summary>
    public static bool IsValidForBatch(StringValues values) => IsValid(values) && values[0]!.Length <= LongestOfBatch;

    /// <summary>Derives the key of a batch entry without one from its index (0 to 9999), so that a retried batch has the same keys.</summary>
    public static string OfEntry(string key, int index) => string.Create(CultureInfo.InvariantCulture, $"{key}/{index}");
}
