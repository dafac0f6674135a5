using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// The header with which a client makes a request safe to retry: requests with the same key are one request. 1 to 255 visible ASCII characters.
/// </summary>
/// <seealso href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"/>
[ParameterSchema(Pattern = Pattern)]
public sealed record IdempotencyKey(string Value) : RequestParameter(Header, AllowedValues)
{
    /// <summary>The name of the header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The header of a replayed response.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>The regular expression that a key matches.</summary>
    public const string Pattern = "^[!-~]{1,255}$";

    /// <summary>The values that are allowed, as in "Idempotency-Key must be …".</summary>
    public const string AllowedValues = "sent once, with 1 to 255 visible ASCII characters";

    private const int MaxLength = 255;

    /// <summary>Parses the key. Always returns true.</summary>
    public static bool TryParse(string? text, out IdempotencyKey key)
    {
        key = IsValid(text, MaxLength) ? new IdempotencyKey(text!) : new IdempotencyKey("") { Malformed = text };
        return true;
    }

    /// <summary>Returns whether a header has exactly one value, and that is a valid key.</summary>
    public static bool IsValid(StringValues values) => values is [var key] && IsValid(key, MaxLength);

    internal static bool IsValid(string? key, int maxLength) =>
        key is { Length: >= 1 } && key.Length <= maxLength && key.All(c => c is >= '!' and <= '~');
}

/// <summary>The <see cref="IdempotencyKey"/> of a batch, from which the keys of its entries are derived: 1 to 250 visible ASCII characters.</summary>
[ParameterSchema(Pattern = "^[!-~]{1,250}$")]
public sealed record BatchIdempotencyKey(string Value) : RequestParameter(IdempotencyKey.Header, "sent once, with 1 to 250 visible ASCII characters")
{
    private const int MaxLength = 250;

    /// <summary>Parses the key. Always returns true.</summary>
    public static bool TryParse(string? text, out BatchIdempotencyKey key)
    {
        key = IdempotencyKey.IsValid(text, MaxLength) ? new BatchIdempotencyKey(text!) : new BatchIdempotencyKey("") { Malformed = text };
        return true;
    }

    /// <summary>
    /// Returns the key of the entry with this index (0 to 9999). A retried batch derives the same keys. They contain a space, which no key of a client
    /// does, so no other request has the same key.
    /// </summary>
    public string OfEntry(int index) => string.Create(CultureInfo.InvariantCulture, $"{Value} {index}");
}
