namespace DaprOrders.Stack;

/// <summary>Where the programs of Dapr are on this machine.</summary>
/// <param name="Cli">The CLI on PATH; null if there is none.</param>
/// <param name="Runtime">Where <c>dapr init</c> installs the runtime.</param>
public sealed record DaprPrograms(string? Cli, string Runtime)
{
    /// <summary>Gets whether the runtime is there.</summary>
    public bool HasRuntime => File.Exists(Runtime);

    /// <summary>Looks for the programs.</summary>
    public static DaprPrograms Find() => new(
        SearchPath.Find("dapr"),
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dapr", "bin", SearchPath.FileName("daprd")));
}
