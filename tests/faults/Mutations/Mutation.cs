namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>A text that occurs once in a file of the sources, and what stands there instead.</summary>
internal sealed record Edit(string File, string Find, string Replacement);

/// <summary>A mistake as people make it, and the invariant that must find it.</summary>
internal sealed record Mutation
{
    public required string Name { get; init; }

    public required string Invariant { get; init; }

    /// <summary>Gets the services that are built with it, by app id.</summary>
    public required IReadOnlyList<string> Apps { get; init; }

    public required IReadOnlyList<Edit> Edits { get; init; }

    /// <summary>Gets a file that the mistake needs, with its text.</summary>
    public (string File, string Text)? AddedFile { get; init; }

    /// <summary>Gets whether it shows only where the broker loses events, and not where things crash.</summary>
    public bool NeedsLosses { get; init; }

    public override string ToString() => Name;
}
