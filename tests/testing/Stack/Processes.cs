using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace DaprOrders.Testing.Stack;

/// <summary>Reads /proc, to find processes that another program started, as the apps and sidecars of a run file.</summary>
public static class Processes
{
    /// <summary>Finds the processes that were started with these variables in their environment.</summary>
    public static IReadOnlyList<int> With(params (string Name, string Value)[] variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        var wanted = variables.Select(variable => Encoding.UTF8.GetBytes($"\0{variable.Name}={variable.Value}\0")).ToArray();
        return All().Where(id =>
        {
            var environment = (byte[])[0, .. Read(id, "environ")];
            return Array.TrueForAll(wanted, variable => environment.AsSpan().IndexOf(variable) >= 0);
        }).ToList();
    }

    /// <summary>Returns the program and the arguments of a process; none if it has ended.</summary>
    public static string[] CommandLine(int id) => Texts(id, "cmdline");

    /// <summary>Returns what starts a process again as it was started; null if it has ended.</summary>
    public static ProcessStartInfo? HowStarted(int id)
    {
        var command = CommandLine(id);
        var folder = new FileInfo($"/proc/{id}/cwd").LinkTarget;
        if (command.Length == 0 || folder is null)
        {
            return null;
        }

        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var variable in Texts(id, "environ").Where(variable => variable.Contains('=', StringComparison.Ordinal)))
        {
            var name = variable[..variable.IndexOf('=', StringComparison.Ordinal)];
            start.Environment[name] = variable[(name.Length + 1)..];
        }

        return start;
    }

    /// <summary>Returns whether a process runs. A zombie, which has ended but was not waited for, does not.</summary>
    public static bool Runs(int id)
    {
        var state = Encoding.UTF8.GetString(Read(id, "stat"));
        var afterName = state.LastIndexOf(')') + 2;
        return state.Length > afterName && state[afterName] is not ('Z' or 'X');
    }

    /// <summary>Waits until a process has ended, for at most <see cref="Wait.Limit"/>.</summary>
    public static Task UntilGoneAsync(int id) =>
        Wait.UntilAsync($"process {id} ({string.Join(' ', CommandLine(id))}) to end", () => !Runs(id));

    private static IEnumerable<int> All() => new DirectoryInfo("/proc").EnumerateDirectories()
        .Select(folder => int.TryParse(folder.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0);

    /// <summary>Reads texts that each end with a null character. A text may be empty, as an argument is that turns a default off.</summary>
    private static string[] Texts(int id, string file)
    {
        var texts = Encoding.UTF8.GetString(Read(id, file)).Split('\0');
        return texts[^1].Length == 0 ? texts[..^1] : texts;
    }

    private static byte[] Read(int id, string file)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it has ended, or belongs to another user
        }
    }
}
