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
    public const string Rule = "The header Idempotency-Key must be 1 to 255 visible ASCII characters.";

    /// <summary>Decides whether a text can be a key.</summary>
    /// <param name="key">The text.</param>
    /// <returns>Whether it has 1 to 255 characters, all visible ASCII.</returns>
    public static bool IsValid(string key) => key is { Length: >= 1 and <= 255 } && key.All(c => c is >= '!' and <= '~');
}
