using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace DaprOrders.Testing.Stack;

/// <summary>Processes as /proc tells of them: those that somebody else started, as a run file's apps and sidecars are.</summary>
internal static class Processes
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Finds the processes with these variables in the environment that they were started with.</summary>
    public static List<int> With(params (string Name, string Value)[] variables)
    {
        var wanted = variables.Select(variable => Encoding.UTF8.GetBytes($"\0{variable.Name}={variable.Value}\0")).ToArray();
        return All().Where(id =>
        {
            var environment = (byte[])[0, .. Read(id, "environ")];
            return Array.TrueForAll(wanted, variable => environment.AsSpan().IndexOf(variable) >= 0);
        }).ToList();
    }

    public static string[] CommandLine(int id) => Texts(id, "cmdline");

    /// <summary>What is needed to start a process once more as it was started; null when it is gone.</summary>
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

    /// <summary>Whether a process runs. One that has ended and that nobody has asked about, a zombie, does not.</summary>
    public static bool Runs(int id)
    {
        var state = Encoding.UTF8.GetString(Read(id, "stat"));
        var afterName = state.LastIndexOf(')') + 2;
        return state.Length > afterName && state[afterName] is not ('Z' or 'X');
    }

    public static async Task UntilGoneAsync(int id)
    {
        while (Runs(id))
        {
            await Task.Delay(Interval);
        }
    }

    private static IEnumerable<int> All() => new DirectoryInfo("/proc").EnumerateDirectories()
        .Select(folder => int.TryParse(folder.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0);

    private static string[] Texts(int id, string file) =>
        Encoding.UTF8.GetString(Read(id, file)).Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private static byte[] Read(int id, string file)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it has ended, or belongs to somebody else
        }
    }
}
