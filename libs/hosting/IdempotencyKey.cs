using Microsoft.Extensions.Primitives;

namespace DaprOrders.Hosting;

/// <summary>The header by which a repeated request is known: the same key is the same request.</summary>
/// <seealso href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"/>
public static class IdempotencyKey
{
    /// <summary>The name of the header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The header of an answer that was given before.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>What a key must be, as a sentence.</summary>
    public const string Rule = "The header Idempotency-Key must be there once, with 1 to 255 visible ASCII characters.";

    /// <summary>Decides whether the values of the header are a key.</summary>
    /// <param name="values">The values: one for each time that the header is there.</param>
    /// <returns>Whether there is one value, and it has 1 to 255 characters, all visible ASCII.</returns>
    public static bool IsValid(StringValues values) =>
        values is [{ Length: >= 1 and <= 255 } key] && key.All(c => c is >= '!' and <= '~');
}
