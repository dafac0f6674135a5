namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>Replaces a text that occurs exactly once in a source file.</summary>
internal sealed record Edit(string File, string Find, string Replacement);

/// <summary>Describes a common mistake, and the invariant that must detect it.</summary>
internal sealed record Mutation
{
    public required string Name { get; init; }

    public required string Invariant { get; init; }

    /// <summary>Gets the folder of the changed project. All edits are in this folder.</summary>
    public required string Project { get; init; }

    /// <summary>Gets the app ids of the services that run with the mistake.</summary>
    public required IReadOnlyList<string> Apps { get; init; }

    public required IReadOnlyList<Edit> Edits { get; init; }

    /// <summary>Gets a file that is added to the project.</summary>
    public (string File, string Text)? AddedFile { get; init; }

    /// <summary>Gets the plan that reveals the mistake.</summary>
    public FaultPlan Plan { get; init; } = Plans.Crashes;

    public override string ToString() => Name;
}
