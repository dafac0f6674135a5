using System.Text.Json;

namespace DaprOrders.Bench.Systems;

/// <summary>A system that the benchmark compares.</summary>
internal enum SystemKind
{
    /// <summary>Services that do nothing, which shows the cost of the runtime itself.</summary>
    NoOp,

    /// <summary>The four services of this repository.</summary>
    Ours,

    /// <summary>Services that save, then publish, and handle one event per delivery, as in tutorials.</summary>
    SaveThenPublish,
}

/// <summary>The names of the systems in reports and on the command line.</summary>
internal static class SystemNames
{
    /// <summary>Gets the names of all systems.</summary>
    public static string[] All => [.. Enum.GetValues<SystemKind>().Select(Name)];

    /// <summary>Returns the name of a system, for example <c>no-op</c>.</summary>
    public static string Name(this SystemKind system) => JsonNamingPolicy.KebabCaseLower.ConvertName(system.ToString());

    /// <summary>Returns the system with this name.</summary>
    public static SystemKind Parse(string name) => Enum.GetValues<SystemKind>().Single(system => system.Name() == name);
}
