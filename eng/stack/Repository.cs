namespace DaprOrders.Stack;

/// <summary>Where things lie: the clone, and what was built in it.</summary>
public static class Repository
{
    private static readonly string? Found = FindRoot();

    /// <summary>Gets the root of the clone.</summary>
    /// <exception cref="InvalidOperationException">These tests were published and do not run inside a clone.</exception>
    public static string Root => Found ?? throw new InvalidOperationException("These tests do not run inside the clone, which they need.");

    /// <summary>Gets whether the sources are here.</summary>
    public static bool IsHere => Found is not null;

    /// <summary>Gets which build these tests belong to; a published program has none, and goes with the release.</summary>
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

    /// <summary>A file of the build that these tests belong to.</summary>
    public static string Built(string project, string file) => Path.Combine(Root, "artifacts", "bin", project, Build, file);

    /// <summary>Gets the emulator's program, which its own solution builds.</summary>
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
