namespace DaprOrders.TestSupport;

/// <summary>Where things lie: the clone, and what was built in it.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>A file of the build that these tests belong to: debug or release.</summary>
    public static string Built(string project, string file) =>
        Path.Combine(Root, "artifacts", "bin", project, Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), file);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "DaprOrders.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("These tests run inside the clone.");
        }

        return folder.FullName;
    }
}
