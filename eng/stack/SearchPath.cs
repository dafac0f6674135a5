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
    /// Returns the path of a program by PATH alone. A process that is started by its name is first looked for beside the running program, which
    /// for <c>dotnet</c> may be another one than that on PATH.
    /// </summary>
    public static string Resolve(string program) => Path.GetFileName(program) == program ? Find(program) ?? program : program;

    /// <summary>Returns the name of a program's file on this operating system.</summary>
    public static string FileName(string name) => OperatingSystem.IsWindows() ? $"{name}.exe" : name;
}
