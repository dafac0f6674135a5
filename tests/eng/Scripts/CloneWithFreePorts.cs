using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>
/// A copy of the repository as a clone would be, nothing built, in a folder that only its owner can enter and whose name has a space. Its
/// dapr.yaml, its components and the launch profiles have free ports; nothing else differs.
/// </summary>
internal sealed class CloneWithFreePorts : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>A first build on a busy machine takes minutes. What takes longer hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Dictionary<int, int> _ports = [];
    private readonly ConcurrentQueue<string> _output = new();
    private readonly List<Process> _beside = [];
    private Process? _run;

    private CloneWithFreePorts(string parent, string name)
    {
        Parent = parent;
        Folder = Path.Combine(parent, name);
    }

    public string Folder { get; }

    /// <summary>Gets the folder around the clone, for what else belongs to the test. It goes with the clone.</summary>
    public string Parent { get; }

    /// <summary>Gets what ./run.sh finds in its environment beside what the tests have; null takes it away.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    /// <summary>Gets what comes before ./run.sh on its command line, for example to become another user.</summary>
    public string[] Prefix { get; set; } = [];

    /// <summary>Gets or sets the command that starts the system; ./run.sh by default.</summary>
    public string[] StartCommand { get; set; } = ["./run.sh"];

    public string Output => string.Join('\n', _output);

    public int? ExitCode => _run is { HasExited: true } ? _run.ExitCode : null;

    public static async Task<CloneWithFreePorts> CreateAsync(string name = "my clone")
    {
        var clone = new CloneWithFreePorts(Directory.CreateTempSubdirectory("dapr-orders-clone-").FullName, name);
        File.SetUnixFileMode(clone.Parent, OwnerOnly | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(clone.Folder, OwnerOnly);
        await RunAsync(
            Repository.Root, "sh", "-c", "git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t \"$0\"", clone.Folder);

        var apps = RunFile.Read(Path.Combine(clone.Folder, "dapr.yaml")).Apps;
        var ports = apps.SelectMany(app => app.Ports)
            .Concat(apps.Select(app => app.Database?.Port).OfType<int>())
            .Concat(clone.Components.Select(file => Broker.Read(file).Port));
        foreach (var port in ports)
        {
            clone._ports.TryAdd(port, FreePort.Take());
        }

        foreach (var file in clone.FilesWithPorts)
        {
            await File.WriteAllTextAsync(file, clone.WithFreePorts(await File.ReadAllTextAsync(file)));
        }

        return clone;
    }

    public int FreePortOf(int port) => _ports[port];

    /// <summary>Uses another port than the free one, as a server listens there already.</summary>
    public async Task UsePortAsync(int port, int taken)
    {
        foreach (var file in FilesWithPorts)
        {
            await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace($"{_ports[port]}", $"{taken}", StringComparison.Ordinal));
        }

        _ports[port] = taken;
    }

    /// <summary>Lets the system run on the emulator, also where Dapr is installed: its broker would be waited for.</summary>
    public void HideDapr() => Environment["PATH"] = string.Join(
        ':', (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => !File.Exists(Path.Combine(folder, "dapr"))));

    /// <summary>Changes a file of the clone.</summary>
    public async Task ReplaceAsync(string file, string text, string replacement)
    {
        var path = Path.Combine(Folder, file);
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace(text, replacement, StringComparison.Ordinal));
    }

    /// <summary>Replaces the ports of dapr.yaml in some other text, for example a command of the README.</summary>
    public string WithFreePorts(string text) =>
        _ports.Aggregate(text, (result, port) => Regex.Replace(result, $@"(?<=[=: ""]){port.Key}\b", $"{port.Value}"));

    /// <summary>Starts ./run.sh and waits until it is ready, or has ended.</summary>
    /// <returns>Whether it is ready.</returns>
    public async Task<bool> StartAsync(params string[] arguments)
    {
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _output.Clear();
        _run = Process.Start(Command(arguments))!;
        _run.OutputDataReceived += (_, line) => OnLine(line.Data);
        _run.ErrorDataReceived += (_, line) => OnLine(line.Data);
        _run.BeginOutputReadLine();
        _run.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(Patience);
        using var stop = limit.Token.Register(() => Platform.Current.Send(_run.Id, Signal.Terminate));
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

    /// <summary>Asks what was started beside ./run.sh to end, and waits for its end.</summary>
    public async Task StopBesideAsync()
    {
        foreach (var process in _beside.Where(process => !process.HasExited))
        {
            Platform.Current.Send(process.Id, Signal.Terminate);
            await Wait.UntilAsync($"the end of process {process.Id}", () => process.HasExited);
        }
    }

    /// <summary>Starts a command of the shell beside ./run.sh. It ends with the clone.</summary>
    public Process StartBeside(string command)
    {
        var process = Process.Start(Start(["sh", "-c", $"exec {command}"]))!;
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _beside.Add(process);
        return process;
    }

    /// <summary>Runs ./run.sh once more beside a running one, or where it cannot start.</summary>
    public async Task<(int ExitCode, string Error)> TryRunAsync(params string[] arguments)
    {
        using var process = Process.Start(Command(arguments))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var stop = limit.Token.Register(() => Platform.Current.Send(process.Id, Signal.Terminate));
        await process.WaitForExitAsync();
        Assert.False(limit.IsCancellationRequested, $"./run.sh goes on:\n{await output}");
        return (process.ExitCode, (await error).TrimEnd());
    }

    /// <summary>Runs a command to its end, in the environment of ./run.sh.</summary>
    /// <returns>The exit code, and what it wrote to its output.</returns>
    public async Task<(int ExitCode, string Output)> RunToEndAsync(params string[] command)
    {
        using var process = Process.Start(Start(command))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var stop = limit.Token.Register(() => Platform.Current.Send(process.Id, Signal.Terminate));
        await process.WaitForExitAsync();
        Assert.False(limit.IsCancellationRequested, $"{string.Join(' ', command)} goes on:\n{await output}{await error}");
        return (process.ExitCode, await output);
    }

    /// <summary>Places an order by curl, as the README does, and waits until it is settled.</summary>
    /// <param name="isInside">Whether curl runs in the network and with the files that ./run.sh sees.</param>
    /// <returns>The status of the order.</returns>
    public async Task<string?> OrderAsync(bool isInside = false)
    {
        var gateway = $"http://localhost:{_ports[8000]}/orders";
        var placed = await CurlAsync(gateway, "-H", "Content-Type: application/json", "-d", "{\"item_id\": \"item-1\", \"quantity\": 1}");
        var settled = await CurlAsync($"{gateway}/{placed.GetProperty("id").GetString()}?wait=20s");
        return settled.GetProperty("status").GetString();

        async Task<JsonElement> CurlAsync(params string[] arguments)
        {
            string[] command = [.. isInside ? (string[])["nsenter", $"--target={_run!.Id}", "--net", "--mount"] : [], "curl", "-s", "--noproxy", "*", .. arguments];
            var (exitCode, output) = await ProcessRunner.RunAsync(command, "/", Wait.Limit, null, TestContext.Current.CancellationToken);
            Assert.True(exitCode is 0, $"curl ended with {exitCode}: {output}\n{Output}");
            return JsonSerializer.Deserialize<JsonElement>(output);
        }
    }

    /// <summary>Sends a signal to ./run.sh and waits for its end.</summary>
    public async Task StopAsync(Signal signal)
    {
        Platform.Current.Send(_run!.Id, signal);
        await Wait.UntilAsync("the end of run.sh", () => _run.HasExited);
        await _run.WaitForExitAsync(); // its output
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
    public IReadOnlyList<string> Processes() => ProcessesByPid().Values.ToList();

    public async ValueTask DisposeAsync()
    {
        if (_run is { HasExited: false })
        {
            await StopAsync(Signal.Terminate);
        }

        _run?.Dispose();
        _beside.ForEach(process => process.Dispose());

        // Processes are left only when they were started beside, or when the test has failed and has named them.
        await Wait.UntilAsync("the end of all processes of the clone", () =>
        {
            var left = ProcessesByPid();
            foreach (var pid in left.Keys)
            {
                Platform.Current.Send(pid, Signal.Kill);
            }

            return left.Count == 0;
        });

        // As root the cluster lies outside the clone, where the user postgres can reach it.
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Folder)))[..12];
        var cluster = $"/var/lib/postgresql/dapr-orders-{hash}";
        if (Directory.Exists(cluster))
        {
            Directory.Delete(cluster, recursive: true);
        }

        Directory.Delete(Parent, recursive: true);
    }

    private string[] Components => Directory.GetFiles(Path.Combine(Folder, "components"), "pubsub.yaml", SearchOption.AllDirectories);

    private IEnumerable<string> FilesWithPorts =>
    [
        Path.Combine(Folder, "dapr.yaml"), .. Components,
        .. Directory.GetFiles(Path.Combine(Folder, "services"), "launchSettings.json", SearchOption.AllDirectories),
    ];

    private Dictionary<int, string> ProcessesByPid() => Directory.GetDirectories("/proc")
        .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
        .Select(folder => (Folder: folder, Text: $"{Read(folder, "cmdline")} {Read(folder, "environ")}".Replace('\0', ' ')))
        .Where(process => process.Text.Contains(Parent, StringComparison.Ordinal))
        .ToDictionary(process => int.Parse(Path.GetFileName(process.Folder), null), process => process.Text);

    private ProcessStartInfo Command(params string[] arguments) => Start([.. StartCommand, .. arguments]);

    private ProcessStartInfo Start(string[] program)
    {
        // Where the tests are run in the background of a script, or with nohup, run.sh would ignore what these ignore.
        string[] command = [.. Prefix, "/usr/bin/env", "--default-signal=HUP,INT", .. program];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        // What `dotnet test` sets for itself would lead the build of the clone astray.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }

    /// <summary>Runs a program to its end, with status 0.</summary>
    public static async Task RunAsync(string folder, string program, params string[] arguments)
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
}
