namespace DaprOrders.Stack;

/// <summary>The paths of the Dapr programs on this machine.</summary>
/// <param name="Cli">The CLI on PATH; null if there is none.</param>
/// <param name="Runtime">The path where <c>dapr init</c> installs the runtime.</param>
public sealed record DaprPrograms(string? Cli, string Runtime)
{
    /// <summary>Gets whether the runtime is installed.</summary>
    public bool HasRuntime => File.Exists(Runtime);

    /// <summary>Finds the programs.</summary>
    public static DaprPrograms Find() => new(
        SearchPath.Find("dapr"),
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dapr", "bin", SearchPath.FileName("daprd")));
}
