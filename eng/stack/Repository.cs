namespace DaprOrders.Stack;

/// <summary>The paths of the clone and of the programs that are built in it.</summary>
public static class Repository
{
    private static readonly string? Found = FindRoot();

    /// <summary>Gets the root of the clone.</summary>
    /// <exception cref="InvalidOperationException">This program was published and does not run inside a clone.</exception>
    public static string Root => Found ?? throw new InvalidOperationException("This program must run inside the clone.");

    /// <summary>Gets whether this program runs inside a clone.</summary>
    public static bool IsHere => Found is not null;

    /// <summary>Gets the configuration of this program; release if it was published.</summary>
    private static string Build { get; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)) is "debug" ? "debug" : "release";

    /// <summary>Gets the name of that build for MSBuild.</summary>
    public static string Configuration => Build is "debug" ? "Debug" : "Release";

    /// <summary>Gets the projects of the services, by app id.</summary>
    public static IReadOnlyDictionary<string, string> Projects { get; } = new Dictionary<string, string>
    {
        ["gateway"] = "DaprOrders.Gateway",
        ["order"] = "DaprOrders.OrderService",
        ["inventory"] = "DaprOrders.InventoryService",
        ["notification"] = "DaprOrders.NotificationService",
    };

    /// <summary>Returns the path of a built file, in the same configuration as this program.</summary>
    public static string Built(string project, string file) => Path.Combine(Root, "artifacts", "bin", project, Build, file);

    /// <summary>Gets the path of the emulator, which is built into its own artifacts folder.</summary>
    public static string Emulator => Path.Combine(Root, "eng", "dapr-emulator", "artifacts", "bin", "DaprOrders.DaprEmulator", Build, "dapr-emulator.dll");

    private static string? FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DaprOrders.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}
