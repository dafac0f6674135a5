using System.Diagnostics;
using Npgsql;

namespace DaprOrders.TestSupport;

/// <summary>
/// A throw-away PostgreSQL on a free port of 127.0.0.1. It does not write through to disk, which is enough for tests that do not pull the plug.
/// As root it runs as the user postgres, since PostgreSQL refuses to run as root.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private const string Password = "postgres";

    private readonly string _folder;

    private PostgresCluster(string folder, int port)
    {
        _folder = folder;
        Port = port;
    }

    /// <summary>Gets the folder of PostgreSQL's programs on this machine.</summary>
    public static string Binaries { get; } = FindBinaries();

    public int Port { get; }

    /// <summary>Gets the connection string of the superuser.</summary>
    public string Superuser => ConnectionString("postgres");

    public static Task<PostgresCluster> StartAsync() => StartAsync(FreePort.Take());

    public static async Task<PostgresCluster> StartAsync(int port)
    {
        var folder = Directory.CreateTempSubdirectory("dapr-orders-postgres-").FullName;
        var cluster = new PostgresCluster(folder, port);
        var password = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(password, Password);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "-R", "postgres", folder);
        }

        await RunAsOwnerAsync(
            "initdb", "-D", $"{folder}/data", "-U", "postgres", "-A", "scram-sha-256", $"--pwfile={password}",
            "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8");
        await cluster.StartServerAsync();
        return cluster;
    }

    public Task StartServerAsync() => RunAsOwnerAsync(
        "pg_ctl", "-D", $"{_folder}/data", "-w", "-s", "-l", $"{_folder}/log", "start", "-o",
        $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 " +
        "-c fsync=off -c synchronous_commit=off -c full_page_writes=off");

    public Task StopServerAsync() => RunAsOwnerAsync("pg_ctl", "-D", $"{_folder}/data", "-m", "fast", "-s", "stop");

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = "postgres",
        Password = Password,
        Database = database,
        NoResetOnClose = true,
        IncludeErrorDetail = true,
    }.ConnectionString;

    /// <summary>Creates a database of its own for a test, as a copy of <paramref name="template"/>.</summary>
    public async Task<string> CreateDatabaseAsync(string? template = null)
    {
        var name = $"t{Guid.NewGuid():N}";
        await ExecuteAsync(template is null ? $"CREATE DATABASE {name}" : $"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
        return name;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Superuser);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Runs a script of the repository, as its users do: by psql.</summary>
    public Task RunScriptAsync(string file) =>
        RunAsync(Path.Combine(Binaries, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, "-d", Uri(Port));

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await RunAsOwnerAsync("pg_ctl", "-D", $"{_folder}/data", "-m", "immediate", "-s", "stop");
        Directory.Delete(_folder, recursive: true);
    }

    private static string Uri(int port) => $"postgresql://postgres:{Password}@127.0.0.1:{port}/postgres";

    private static Task RunAsOwnerAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(Binaries, program);
        return Environment.IsPrivilegedProcess
            ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments])
            : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output goes to nowhere, not to a pipe: the server would inherit the pipe and keep it open.
        var start = new ProcessStartInfo("sh") { WorkingDirectory = "/" };
        foreach (var argument in (string[])["-c", "exec \"$@\" > /dev/null", "sh", program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }

    private static string FindBinaries()
    {
        var versions = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        var folders = versions.OrderByDescending(folder => folder).Select(folder => Path.Combine(folder, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'));
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            ?? throw new InvalidOperationException("The tests need PostgreSQL's binaries. ./test.sh installs them.");
    }
}
