using DaprOrders.Faults.Tests.Mutations;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Lines;

/// <summary>A line of a component, and a scenario in which the system loses notifications without it.</summary>
internal sealed record ComponentLine
{
    private static readonly StackOptions OneInstance = new();

    /// <summary>Gets the broker and the name of the setting.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the replacements that remove the line. Each text occurs in at least one resource file.</summary>
    public IReadOnlyList<(string Find, string Replacement)> Edits { get; init; } = [];

    /// <summary>Gets the options that Redis has only without the line.</summary>
    public IReadOnlyDictionary<string, string> RedisOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the change of the services that removes the line, if it is in their code.</summary>
    public Mutation? Mutation { get; init; }

    /// <summary>Gets the options of both runs. Lines with the same options share the run with the line.</summary>
    public StackOptions Stack { get; init; } = OneInstance;

    /// <summary>Gets the scenario, which returns the number of missing notifications.</summary>
    public required Func<LineRun, Task<int>> Scenario { get; init; }

    /// <summary>Gets the number of notifications that may be missing with the line.</summary>
    public int Tolerated { get; init; }

    public string Broker => Name.Split(' ')[0];

    /// <summary>Returns a resource file without the line.</summary>
    public string RemoveFrom(string text) =>
        Edits.Aggregate(text, (current, edit) => current.Replace(edit.Find, edit.Replacement, StringComparison.Ordinal));

    public override string ToString() => Name;
}
