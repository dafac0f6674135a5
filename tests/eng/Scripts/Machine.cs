using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>
/// A clone on a minimal machine: no .NET, no Dapr, no Docker, no PostgreSQL. A test installs scripts that replace these programs and record how they
/// were called.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    /// <summary>A script that runs until it gets a signal, like a server.</summary>
    public const string Hang = "exec sleep infinity";

    /// <summary>The only programs on PATH: those of a minimal Debian.</summary>
    private static readonly string[] MinimalPrograms =
    [
        "basename", "bash", "cat", "chmod", "chown", "cut", "date", "dirname", "env", "head", "id", "mkdir", "mktemp", "mv",
        "cp", "grep", "paste", "rm", "runuser", "sed", "setpriv", "sh", "sha256sum", "sleep", "tail", "timeout", "tr",
    ];

    /// <summary>The limit is longer than the time that run.sh waits for a broker.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly List<FakeServer> _servers = [];
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _waiting = [];
    private PostgresCluster? _postgres;

    private Machine(CloneWithFreePorts clone) => Clone = clone;

    public CloneWithFreePorts Clone { get; }

    /// <summary>Gets the calls in order, each with its program and arguments.</summary>
    public IReadOnlyList<string> Calls => File.ReadAllLines(CallsFile);

    public string CallsFile => Path.Combine(Clone.Parent, "calls");

    /// <summary>Gets the start of the call that starts the emulator.</summary>
    public string EmulatorCall => $"dotnet {Clone.Folder}/eng/dapr-emulator/";

    private string Programs => Path.Combine(Clone.Parent, "programs");

    private string Home => Path.Combine(Clone.Parent, "home");

    public static async Task<Machine> CreateAsync()
    {
        var machine = new Machine(await CloneWithFreePorts.CreateAsync());
        Directory.CreateDirectory(machine.Programs);
        Directory.CreateDirectory(machine.Home);
        await File.WriteAllTextAsync(machine.CallsFile, "");
        foreach (var program in MinimalPrograms)
        {
            File.CreateSymbolicLink(Path.Combine(machine.Programs, program), Find(program));
        }

        machine.Clone.Environment["PATH"] = machine.Programs;
        machine.Clone.Environment["HOME"] = machine.Home;
        machine.Clone.Environment["POSTGRES_PASSWORD"] = null;

        // The command line is already built, so ./run.sh only starts it.
        var built = Path.Combine("artifacts", "bin", "DaprOrders.Cli", "debug");
        Directory.CreateDirectory(Path.Combine(machine.Clone.Folder, built));
        await CloneWithFreePorts.RunAsync("/", "cp", "-r", $"{Path.Combine(Repository.Root, built)}/.", Path.Combine(machine.Clone.Folder, built));
        return machine;
    }

    /// <summary>Puts a program on PATH that records its call and then runs the script.</summary>
    public void Install(string program, string script = "")
    {
        var path = Path.Combine(Programs, program);
        File.Delete(path);
        File.WriteAllText(path, $"#!/usr/bin/env bash\nprintf '%s\\n' \"{program} $*\" >>'{CallsFile}'\n{script}\n");
        MakeExecutable(path);
    }

    /// <summary>Installs a fake .NET SDK. It builds nothing, runs the command line, and replaces other programs by a script that runs until it is stopped.</summary>
    public void InstallDotnet(string sdk = "10.0.100", string build = "true", string run = Hang) => Install(
        "dotnet",
        $$"""
        case "$*" in
          --list-sdks) echo '{{sdk}} [/sdk]' ;;
          --version) exec '{{Find("dotnet")}}' --version ;;
          'build eng/cli '*) ;;
          build*) {{build}} ;;
          *DaprOrders.Cli.dll*) exec '{{Find("dotnet")}}' "$@" ;;
          *) {{run}} ;;
        esac
        """);

    public void InstallDapr(bool withRuntime = true)
    {
        Install("dapr", Hang);
        var runtime = Path.Combine(Home, ".dapr", "bin", "daprd");
        Directory.CreateDirectory(Path.GetDirectoryName(runtime)!);
        if (withRuntime)
        {
            File.WriteAllText(runtime, "");
            MakeExecutable(runtime);
        }
    }

    /// <summary>Starts a PostgreSQL with the roles of the services.</summary>
    public async Task RunPostgresAsync()
    {
        _postgres = await PostgresCluster.StartAsync(Clone.FreePortOf(5433));
        await _postgres.RunScriptAsync(Path.Combine(Repository.Root, "postgres", "init.sql"));
    }

    /// <summary>Starts PostgreSQL after the call of a fake program that would start it.</summary>
    public void RunPostgresAfter(string call) => _waiting.Add(RunPostgresAfterAsync(call));

    /// <summary>Hides the PostgreSQL of this machine from the clone.</summary>
    public void HidePostgres() =>
        Clone.Prefix = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", "/bin/mount -t tmpfs tmpfs /usr/lib/postgresql && exec \"$@\"", "sh", .. Clone.Prefix];

    /// <summary>Starts a fake server on a port of dapr.yaml.</summary>
    public FakeServer Listen(int port, string response)
    {
        var server = new FakeServer(Clone.FreePortOf(port), response);
        lock (_servers)
        {
            _servers.Add(server);
        }

        return server;
    }

    /// <summary>Starts a fake server after the call of a fake program that would start the real server.</summary>
    public void ListenAfter(string call, int port, string response) => _waiting.Add(ListenAfterAsync(call, port, response));

    /// <summary>Makes all services ready after the call of a fake program that would start them.</summary>
    public void ServicesAreReadyAfter(string call)
    {
        foreach (var port in (int[])[8000, 8001, 8002, 8003])
        {
            ListenAfter(call, port, "HTTP/1.0 200 OK\r\n\r\n{}");
        }
    }

    public Task UntilCalledAsync(string call) => UntilAsync($"a call of {call}", () => Calls.Any(line => line.StartsWith(call, StringComparison.Ordinal)));

    public Task UntilOutputAsync(string text) => UntilAsync($"the output '{text}'", () => Clone.Output.Contains(text, StringComparison.Ordinal));

    /// <summary>Runs ./run.sh as an ordinary user if the tests run as root.</summary>
    public async Task BecomeOrdinaryUserAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            using var chown = Process.Start("chown", ["-R", "65534:65534", Clone.Parent]);
            await chown.WaitForExitAsync();
            Clone.Prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_waiting).ContinueWith(_ => { }, TaskScheduler.Default);
        _servers.ForEach(server => server.Dispose());
        await Clone.DisposeAsync();
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _end.Dispose();
    }

    private static string Find(string program) =>
        SearchPath.Find(program) ?? throw new InvalidOperationException($"{program} is not on PATH.");

    private static void MakeExecutable(string path) => File.SetUnixFileMode(
        path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

    private async Task RunPostgresAfterAsync(string call)
    {
        await UntilCalledAsync(call);
        await RunPostgresAsync();
    }

    private async Task ListenAfterAsync(string call, int port, string response)
    {
        await UntilCalledAsync(call);
        Listen(port, response);
    }

    private async Task UntilAsync(string what, Func<bool> condition)
    {
        await Wait.UntilAsync(what, () =>
        {
            _end.Token.ThrowIfCancellationRequested();
            return Clone.ExitCode is null ? condition() : throw new InvalidOperationException($"run.sh has ended without {what}:\n{Clone.Output}");
        }, Timeout);
    }
}
