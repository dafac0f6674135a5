using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace DaprOrders.ServiceDefaults;

/// <summary>The header by which a repeated request is known: the same key is the same request.</summary>
/// <seealso href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"/>
public static class IdempotencyKey
{
    /// <summary>The name of the header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The header of an answer that was given before.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>The regular expression of a key.</summary>
    public const string Pattern = "^[!-~]{1,255}$";

    /// <summary>What a key must be, as a sentence.</summary>
    public const string Rule = "The header Idempotency-Key must be there once, with 1 to 255 visible ASCII characters.";

    /// <summary>What the key of a request with many entries must be, as a sentence: shorter, since <see cref="OfEntry"/> adds to it.</summary>
    public const string BatchRule = "The header Idempotency-Key of a batch must be there once, with 1 to 250 visible ASCII characters.";

    private const int LongestOfBatch = 250;

    /// <summary>Decides whether the values of the header are a key.</summary>
    /// <param name="values">The values: one for each time that the header is there.</param>
    /// <returns>Whether there is one value, and it has 1 to 255 characters, all visible ASCII.</returns>
    public static bool IsValid(StringValues values) =>
        values is [{ Length: >= 1 and <= 255 } key] && key.All(c => c is >= '!' and <= '~');

    /// <summary>Decides whether the values of the header are a key of a request with many entries.</summary>
    /// <param name="values">The values: one for each time that the header is there.</param>
    /// <returns>Whether there is one value, and it has 1 to 250 characters, all visible ASCII.</returns>
    public static bool IsValidForBatch(StringValues values) => IsValid(values) && values[0]!.Length <= LongestOfBatch;

    /// <summary>Gives the key of an entry that has none of its own: the same request again has the same ones.</summary>
    /// <param name="key">The key of the request.</param>
    /// <param name="index">The place of the entry, 0 to 9999.</param>
    /// <returns>The key.</returns>
    public static string OfEntry(string key, int index) => string.Create(CultureInfo.InvariantCulture, $"{key}/{index}");
}
