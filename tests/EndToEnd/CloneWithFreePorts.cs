using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using DaprOrders.TestSupport;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>
/// A copy of the repository as a clone would be, nothing built, in a folder that only its owner can enter and whose name has a space. Its
/// dapr.yaml has free ports; nothing else differs.
/// </summary>
internal sealed partial class CloneWithFreePorts : IAsyncDisposable
{
    public const int SigInt = 2;
    public const int SigTerm = 15;

    private readonly Dictionary<int, int> _ports = [];
    private readonly ConcurrentQueue<string> _output = new();
    private Process? _run;

    private CloneWithFreePorts(string parent) => Folder = Path.Combine(parent, "my clone");

    public string Folder { get; }

    public string Output => string.Join('\n', _output);

    public int? ExitCode => _run is { HasExited: true } ? _run.ExitCode : null;

    public static async Task<CloneWithFreePorts> CreateAsync()
    {
        var clone = new CloneWithFreePorts(Directory.CreateTempSubdirectory("dapr-orders-clone-").FullName);
        Directory.CreateDirectory(clone.Folder);
        await RunAsync(
            Repository.Root, "sh", "-c", "git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t \"$0\"", clone.Folder);

        var runFile = Path.Combine(clone.Folder, "dapr.yaml");
        var text = await File.ReadAllTextAsync(runFile);
        foreach (var port in Port().Matches(text).Select(match => int.Parse(match.Groups[1].ValueSpan, null)).Distinct())
        {
            clone._ports[port] = FreePort.Take();
        }

        await File.WriteAllTextAsync(runFile, clone.WithFreePorts(text));
        return clone;
    }

    public int FreePortOf(int port) => _ports[port];

    /// <summary>Replaces the ports of dapr.yaml in some other text, for example a command of the README.</summary>
    public string WithFreePorts(string text) =>
        _ports.Aggregate(text, (result, port) => Regex.Replace(result, $@"(?<=[=: ]|localhost:){port.Key}\b", $"{port.Value}"));

    /// <summary>Starts ./run.sh and waits until it is ready, or has ended.</summary>
    public async Task<bool> StartAsync(params string[] arguments)
    {
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var start = Command(Folder, "./run.sh", arguments);
        _run = Process.Start(start)!;
        _run.OutputDataReceived += (_, line) => OnLine(line.Data);
        _run.ErrorDataReceived += (_, line) => OnLine(line.Data);
        _run.BeginOutputReadLine();
        _run.BeginErrorReadLine();
        var first = await Task.WhenAny(ready.Task, _run.WaitForExitAsync());
        return first == ready.Task;

        void OnLine(string? line)
        {
            _output.Enqueue(line ?? "");
            if (line?.StartsWith("Ready after", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult(true);
            }
        }
    }

    /// <summary>Runs ./run.sh once more beside a running one, or where it cannot start.</summary>
    public async Task<(int ExitCode, string Error)> TryRunAsync(params string[] arguments)
    {
        using var process = Process.Start(Command(Folder, "./run.sh", arguments))!;
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, (await error).TrimEnd());
    }

    /// <summary>Sends a signal to ./run.sh and waits for its end.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> StopAsync(int signal)
    {
        var began = Stopwatch.GetTimestamp();
        _ = Kill(_run!.Id, signal);
        await _run.WaitForExitAsync();
        return Stopwatch.GetElapsedTime(began);
    }

    public bool Listens(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, _ports[port]);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The processes that were started from this clone, by their working folder, command line or environment.</summary>
    public IReadOnlyList<string> Processes() => Directory.GetDirectories("/proc")
        .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
        .Select(folder => $"{Read(folder, "cmdline")} {Read(folder, "environ")}".Replace('\0', ' '))
        .Where(process => process.Contains(Folder, StringComparison.Ordinal))
        .ToList();

    public async ValueTask DisposeAsync()
    {
        if (_run is { HasExited: false })
        {
            await StopAsync(SigTerm);
        }

        _run?.Dispose();

        // As root the cluster lies outside the clone, where the user postgres can reach it.
        if (Cluster().Match(Output) is { Success: true } cluster && Directory.Exists(cluster.Groups[1].Value))
        {
            Directory.Delete(cluster.Groups[1].Value, recursive: true);
        }

        Directory.Delete(Path.GetDirectoryName(Folder)!, recursive: true);
    }

    private static ProcessStartInfo Command(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(folder, program), arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What `dotnet test` sets for itself would lead the build of the clone astray.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }

    private static async Task RunAsync(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder })!;
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    private static string Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // ended meanwhile, or another user's
        }
    }

    [GeneratedRegex(@"(?:Port=|appPort: |daprHTTPPort: |daprGRPCPort: )([0-9]+)")]
    private static partial Regex Port();

    [GeneratedRegex(@"data in (/var/lib/postgresql/dapr-orders-[0-9a-f]+)")]
    private static partial Regex Cluster();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
