namespace DaprOrders.Stack;

/// <summary>Finds programs on PATH.</summary>
public static class SearchPath
{
    /// <summary>Returns the path of a program, or null if PATH has none.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Where(folder => folder.Length > 0)
        .Select(folder => Path.Combine(folder, FileName(name)))
        .FirstOrDefault(File.Exists);

    /// <summary>
    /// Returns the path of a program on PATH. If a process is started by name only, .NET looks beside the running program first, where <c>dotnet</c> may
    /// be a different one than on PATH.
    /// </summary>
    public static string Resolve(string program) => Path.GetFileName(program) == program ? Find(program) ?? program : program;

    /// <summary>Returns the name of a program's file on this operating system.</summary>
    public static string FileName(string name) => OperatingSystem.IsWindows() ? $"{name}.exe" : name;
}
