using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>
/// A clone on a bare machine: no .NET, no Dapr, no Docker, no PostgreSQL. What a test installs there are scripts that play the programs and
/// write down how they were called.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    /// <summary>Goes on until it is told to end, as a server does.</summary>
    public const string Hang = "exec sleep infinity";

    /// <summary>All that ./run.sh finds on PATH: a minimal Debian has them.</summary>
    private static readonly string[] Bare =
    [
        "basename", "bash", "cat", "chmod", "chown", "cut", "date", "dirname", "env", "grep", "head", "id", "mkdir", "mktemp", "mv",
        "paste", "rm", "sed", "setpriv", "sha256sum", "sleep", "tail", "timeout", "tr",
    ];

    private readonly List<Answering> _servers = [];
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _waiting = [];

    private Machine(CloneWithFreePorts clone) => Clone = clone;

    public CloneWithFreePorts Clone { get; }

    /// <summary>Gets a line per call, in their order: program and arguments.</summary>
    public IReadOnlyList<string> Calls => File.ReadAllLines(CallsFile);

    public string CallsFile => Path.Combine(Clone.Parent, "calls");

    /// <summary>Gets the folder that is /usr/lib/postgresql for this clone.</summary>
    private string PostgresFolder => Path.Combine(Clone.Parent, "postgresql");

    private string Programs => Path.Combine(Clone.Parent, "programs");

    private string Home => Path.Combine(Clone.Parent, "home");

    public static async Task<Machine> CreateAsync()
    {
        var machine = new Machine(await CloneWithFreePorts.CreateAsync());
        Directory.CreateDirectory(machine.Programs);
        Directory.CreateDirectory(machine.Home);
        await File.WriteAllTextAsync(machine.CallsFile, "");
        foreach (var program in Bare)
        {
            File.CreateSymbolicLink(Path.Combine(machine.Programs, program), Find(program));
        }

        machine.Clone.Environment["PATH"] = machine.Programs;
        machine.Clone.Environment["HOME"] = machine.Home;
        machine.Clone.Environment["POSTGRES_PASSWORD"] = null;

        // The tests need PostgreSQL, so it is on this machine; the clone looks for it elsewhere.
        await machine.Clone.ReplaceAsync("postgres/local.sh", "/usr/lib/postgresql/", $"{machine.PostgresFolder}/");
        await machine.Clone.ReplaceAsync("postgres/local.sh", "/etc/postgresql-common/", $"{machine.Clone.Parent}/etc/");
        return machine;
    }

    /// <summary>Puts a program on PATH that writes down how it was called, and then does what the script says.</summary>
    public void Install(string program, string script = "")
    {
        var path = Path.Combine(Programs, program);
        File.Delete(path);
        File.WriteAllText(path, $"#!/usr/bin/env bash\nprintf '%s\\n' \"{program} $*\" >>'{CallsFile}'\n{script}\n");
        MakeExecutable(path);
    }

    /// <summary>A .NET SDK that builds nothing; the emulator that it starts only goes on until it is stopped.</summary>
    public void InstallDotnet(string sdk = "10.0.100", string build = "true") =>
        Install("dotnet", $"case $1 in --list-sdks) echo '{sdk} [/sdk]' ;; build) {build} ;; *) {Hang} ;; esac");

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

    /// <summary>A PostgreSQL that was already running, and in which the services' roles are.</summary>
    public void RunPostgres()
    {
        Install("psql");
        Listen(5433, "N"); // to the question for TLS
    }

    /// <summary>PostgreSQL's real programs, where Debian has them.</summary>
    public void InstallRealPostgres()
    {
        Directory.CreateDirectory(Path.Combine(PostgresFolder, "1"));
        Directory.CreateSymbolicLink(Path.Combine(PostgresFolder, "1", "bin"), PostgresCluster.Binaries);
    }

    /// <summary>A script that does what <see cref="InstallRealPostgres"/> does.</summary>
    public string InstallingRealPostgres() =>
        $"/bin/mkdir -p '{PostgresFolder}/1' && /bin/ln -s '{PostgresCluster.Binaries}' '{PostgresFolder}/1/bin'";

    /// <summary>Answers whoever speaks on that port of dapr.yaml.</summary>
    public void Listen(int port, string answer)
    {
        lock (_servers)
        {
            _servers.Add(new Answering(Clone.FreePortOf(port), answer));
        }
    }

    /// <summary>Answers on that port as soon as a program was called: it plays what the call starts.</summary>
    public void ListenOnce(string called, int port, string answer) => _waiting.Add(ListenOnceAsync(called, port, answer));

    /// <summary>All services are ready as soon as something was called that starts them.</summary>
    public void ServicesAreReadyOnce(string called)
    {
        foreach (var port in (int[])[8000, 8001, 8002, 8003])
        {
            ListenOnce(called, port, "HTTP/1.0 200 OK\r\n\r\n{}");
        }
    }

    public Task UntilCalledAsync(string call) => UntilAsync($"a call of {call}", () => Calls.Any(line => line.StartsWith(call, StringComparison.Ordinal)));

    public Task UntilSaidAsync(string text) => UntilAsync($"the output '{text}'", () => Clone.Output.Contains(text, StringComparison.Ordinal));

    /// <summary>Takes away what makes the tests root, if they are.</summary>
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
        _end.Dispose();
    }

    private static string Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"There is no {program} on PATH.");

    private static void MakeExecutable(string path) => File.SetUnixFileMode(
        path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

    private async Task ListenOnceAsync(string called, int port, string answer)
    {
        await UntilCalledAsync(called);
        Listen(port, answer);
    }

    private async Task UntilAsync(string what, Func<bool> condition)
    {
        await Wait.UntilAsync(what, () =>
        {
            _end.Token.ThrowIfCancellationRequested();
            return Clone.ExitCode is null ? condition() : throw new InvalidOperationException($"run.sh has ended without {what}:\n{Clone.Output}");
        });
    }
}
