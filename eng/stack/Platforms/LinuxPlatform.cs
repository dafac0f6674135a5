using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;

namespace DaprOrders.Stack.Platforms;

/// <summary>Reads processes from /proc.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxPlatform : UnixPlatform
{
    public override bool IsRunning(int processId)
    {
        var state = Encoding.UTF8.GetString(Read(processId, "stat"));
        var afterName = state.LastIndexOf(')') + 2;
        return state.Length > afterName && state[afterName] is not ('Z' or 'X');
    }

    public override IReadOnlyList<int> FindByEnvironment(params (string Name, string Value)[] variables)
    {
        var expected = variables.Select(variable => Encoding.UTF8.GetBytes($"\0{variable.Name}={variable.Value}\0")).ToArray();
        return [.. Processes().Where(id =>
        {
            var environment = (byte[])[0, .. Read(id, "environ")];
            return Array.TrueForAll(expected, variable => environment.AsSpan().IndexOf(variable) >= 0);
        })];
    }

    public override IReadOnlyList<string> CommandLine(int processId) => ReadStrings(processId, "cmdline");

    public override int? ListenerOn(int port)
    {
        // The fields of a line: number, local address as hexadecimal address:port, remote address, state (0A: listens), ..., inode of the socket.
        var sockets = ((string[])["/proc/net/tcp", "/proc/net/tcp6"]).Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields is [_, var local, _, "0A", ..] && local.EndsWith($":{port:X4}", StringComparison.Ordinal))
            .Select(fields => $"socket:[{fields[9]}]").ToHashSet();
        return Processes().Where(id => Sockets(id).Any(sockets.Contains)).Select(id => (int?)id).FirstOrDefault();
    }

    public override ProcessStartInfo? HowStarted(int processId)
    {
        var command = CommandLine(processId);
        var folder = new FileInfo($"/proc/{processId}/cwd").LinkTarget;
        return command.Count == 0 || folder is null ? null : Start(command, folder, ReadStrings(processId, "environ"));
    }

    private static IEnumerable<int> Processes() => new DirectoryInfo("/proc").EnumerateDirectories()
        .Select(folder => int.TryParse(folder.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0);

    /// <summary>Reads strings that each end with a null character. A string may be empty: an empty argument turns a default off.</summary>
    private static string[] ReadStrings(int id, string file)
    {
        var strings = Encoding.UTF8.GetString(Read(id, file)).Split('\0');
        return strings[^1].Length == 0 ? strings[..^1] : strings;
    }

    private static IEnumerable<string> Sockets(int id)
    {
        try
        {
            return [.. new DirectoryInfo($"/proc/{id}/fd").EnumerateFiles().Select(file => file.LinkTarget ?? "")];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // the process has ended or belongs to another user
        }
    }

    private static byte[] Read(int id, string file)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // the process has ended or belongs to another user
        }
    }
}
