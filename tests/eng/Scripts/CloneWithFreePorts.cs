using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>
/// A copy of the repository like a fresh clone, in which nothing is built. Its folder has a space in its name, and only its owner can enter it. It
/// differs from the repository only in the ports in dapr.yaml, components and launch profiles, which are free.
/// </summary>
internal sealed class CloneWithFreePorts : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The limit is high because the first build takes minutes on a busy machine.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    private readonly Dictionary<int, int> _ports = [];
    private readonly ConcurrentQueue<string> _output = new();
    private readonly List<Process> _otherProcesses = [];
    private Process? _run;

    private CloneWithFreePorts(string parent, string name)
    {
        Parent = parent;
        Folder = Path.Combine(parent, name);
    }

    public string Folder { get; }

    /// <summary>Gets the folder around the clone, for other files of the test. It is deleted with the clone.</summary>
    public string Parent { get; }

    /// <summary>Gets the changes to the environment of ./run.sh: values that are set, or null to remove a variable.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    /// <summary>Gets or sets the words before ./run.sh on the command line, for example to become another user.</summary>
    public string[] Prefix { get; set; } = [];

    /// <summary>Gets or sets the command that starts the system; ./run.sh by default.</summary>
    public string[] StartCommand { get; set; } = ["./run.sh"];

    public string Output => string.Join('\n', _output);

    public int? ExitCode => _run is { HasExited: true } ? _run.ExitCode : null;

    public static async Task<CloneWithFreePorts> CreateAsync(string name = "my clone")
    {
        var clone = new CloneWithFreePorts(Ownership.CreateFolder("clone"), name);
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

    /// <summary>Replaces a free port with the port of a server that is already running.</summary>
    public async Task UsePortAsync(int port, int serverPort)
    {
        foreach (var file in FilesWithPorts)
        {
            await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace($"{_ports[port]}", $"{serverPort}", StringComparison.Ordinal));
        }

        _ports[port] = serverPort;
    }

    /// <summary>Removes Dapr from PATH, so that the system runs on the emulator. With Dapr, it would wait for the broker.</summary>
    public void HideDapr() => Environment["PATH"] = string.Join(
        ':', (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => !File.Exists(Path.Combine(folder, "dapr"))));

    /// <summary>Replaces text in a file of the clone.</summary>
    public async Task ReplaceAsync(string file, string text, string replacement)
    {
        var path = Path.Combine(Folder, file);
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace(text, replacement, StringComparison.Ordinal));
    }

    /// <summary>Replaces the original ports with the free ones in a text, for example in a command of the README.</summary>
    public string WithFreePorts(string text) =>
        _ports.Aggregate(text, (result, port) => Regex.Replace(result, $@"(?<=[=: ""]){port.Key}\b", $"{port.Value}"));

    /// <summary>Starts ./run.sh and waits until it is ready or has ended. Returns whether it is ready.</summary>
    public async Task<bool> StartAsync(params string[] arguments)
    {
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _output.Clear();
        _run = Process.Start(Command(arguments))!;
        _run.OutputDataReceived += (_, line) => OnLine(line.Data);
        _run.ErrorDataReceived += (_, line) => OnLine(line.Data);
        _run.BeginOutputReadLine();
        _run.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(Timeout);
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

    /// <summary>Ends the commands that were started beside ./run.sh, and waits until they have ended.</summary>
    public async Task StopBesideAsync()
    {
        foreach (var process in _otherProcesses.Where(process => !process.HasExited))
        {
            Platform.Current.Send(process.Id, Signal.Terminate);
            await Wait.UntilAsync($"the end of process {process.Id}", () => process.HasExited);
        }
    }

    /// <summary>Starts a shell command in addition to ./run.sh. It is ended with the clone.</summary>
    public Process StartBeside(string command)
    {
        var process = Process.Start(Start(["sh", "-c", $"exec {command}"]))!;
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _otherProcesses.Add(process);
        return process;
    }

    /// <summary>Runs ./run.sh until it ends, because the system is already running or cannot start.</summary>
    public async Task<(int ExitCode, string Error)> TryRunAsync(params string[] arguments)
    {
        using var process = Process.Start(Command(arguments))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Timeout);
        using var stop = limit.Token.Register(() => Platform.Current.Send(process.Id, Signal.Terminate));
        await process.WaitForExitAsync();
        Assert.False(limit.IsCancellationRequested, $"./run.sh did not end:\n{await output}");
        return (process.ExitCode, (await error).TrimEnd());
    }

    /// <summary>Runs a command to its end in the environment of ./run.sh, and returns its exit code and output.</summary>
    public async Task<(int ExitCode, string Output)> RunToEndAsync(params string[] command)
    {
        using var process = Process.Start(Start(command))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Timeout);
        using var stop = limit.Token.Register(() => Platform.Current.Send(process.Id, Signal.Terminate));
        await process.WaitForExitAsync();
        Assert.False(limit.IsCancellationRequested, $"{string.Join(' ', command)} did not end:\n{await output}{await error}");
        return (process.ExitCode, await output);
    }

    /// <summary>Places an order with curl, as the README does, waits until it is settled, and returns its status.</summary>
    /// <param name="inNamespace">Whether curl runs in the network and mount namespace of ./run.sh.</param>
    public async Task<string?> OrderAsync(bool inNamespace = false)
    {
        var gateway = $"http://localhost:{_ports[8000]}/orders";
        var placed = await CurlAsync(gateway, "-H", "Content-Type: application/json", "-d", "{\"item_id\": \"item-1\", \"quantity\": 1}");
        var settled = await CurlAsync($"{gateway}/{placed.GetProperty("id").GetString()}?wait=20s");
        return settled.GetProperty("status").GetString();

        async Task<JsonElement> CurlAsync(params string[] arguments)
        {
            string[] command = [.. inNamespace ? (string[])["nsenter", $"--target={_run!.Id}", "--net", "--mount"] : [], "curl", "-s", "--noproxy", "*", .. arguments];
            var (exitCode, output) = await ProcessRunner.RunAsync(command, "/", Wait.Limit, null, TestContext.Current.CancellationToken);
            Assert.True(exitCode is 0, $"curl exited with {exitCode}: {output}\n{Output}");
            return JsonSerializer.Deserialize<JsonElement>(output);
        }
    }

    /// <summary>Sends a signal to ./run.sh and waits for its end.</summary>
    public async Task StopAsync(Signal signal)
    {
        Platform.Current.Send(_run!.Id, signal);
        await Wait.UntilAsync("the end of run.sh", () => _run.HasExited);
        await _run.WaitForExitAsync(); // waits for its output too
    }

    public bool Listens(int port) => FreePort.Listens(_ports[port]);

    /// <summary>Returns the processes of this clone, which have its path in their command line or environment.</summary>
    public IReadOnlyList<string> Processes() => ProcessesByPid().Values.ToList();

    public async ValueTask DisposeAsync()
    {
        if (_run is { HasExited: false })
        {
            await StopAsync(Signal.Terminate);
        }

        _run?.Dispose();
        _otherProcesses.ForEach(process => process.Dispose());

        // Processes remain only if they were started beside ./run.sh, or if the test has failed and has reported them.
        await Wait.UntilAsync("the end of all processes of the clone", () =>
        {
            var remaining = ProcessesByPid();
            foreach (var pid in remaining.Keys)
            {
                Platform.Current.Send(pid, Signal.Kill);
            }

            return remaining.Count == 0;
        });

        // For root the PostgreSQL data is outside the clone, where the user postgres can access it.
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
        // If the tests run in the background of a script or with nohup, they ignore these signals, and ./run.sh would inherit that.
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

        // `dotnet test` sets variables for MSBuild that would break the build of the clone.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }

    /// <summary>Runs a program and requires exit code 0.</summary>
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
            return ""; // the process has ended or belongs to another user
        }
    }
}
