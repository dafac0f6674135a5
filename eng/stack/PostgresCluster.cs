using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace DaprOrders.Stack;

/// <summary>
/// A private PostgreSQL on 127.0.0.1, which is thrown away or keeps its data. As root it runs as the user postgres, since PostgreSQL refuses to
/// run as root.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private const string NotDurable = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";

    /// <summary>Little write-ahead log, or it alone would fill a small disk.</summary>
    private const string SmallLog = "-c min_wal_size=32MB -c max_wal_size=96MB";

    private static readonly string[] Durability = ["fsync", "full_page_writes", "synchronous_commit"];

    private static readonly Lazy<string?> Newest = new(() => PostgresPrograms.Find());

    private readonly PostgresOptions _options;
    private readonly string _folder;
    private readonly string _binaries;

    private PostgresCluster(PostgresOptions options)
    {
        _options = options;
        _folder = options.Folder ?? CreateFolder(options);
        Port = options.Port ?? FreePort.Take();
        _binaries = ProgramsFor(Data);
    }

    /// <summary>Gets the folder of the newest PostgreSQL's programs on this machine.</summary>
    /// <exception cref="StackException">PostgreSQL is not installed.</exception>
    public static string Binaries => Newest.Value ?? throw new StackException(PostgresPrograms.Advice);

    public int Port { get; }

    /// <summary>Gets the id of the server's first process, the parent of all its others.</summary>
    public int ProcessId => int.Parse(File.ReadLines($"{Data}/postmaster.pid").First(), CultureInfo.InvariantCulture);

    /// <summary>Gets the connection string of the superuser.</summary>
    public string Superuser => ConnectionString("postgres");

    private string Filler => Path.Combine(_folder, "filler");

    public static Task<PostgresCluster> StartAsync() => StartAsync(new PostgresOptions());

    public static Task<PostgresCluster> StartAsync(int port) => StartAsync(new PostgresOptions { Port = port });

    /// <exception cref="StackException">A program of PostgreSQL failed, or the server is not as durable as it should be.</exception>
    public static async Task<PostgresCluster> StartAsync(PostgresOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var cluster = new PostgresCluster(options);
        if (options.DiskMegabytes is { } size)
        {
            await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size}m,mode=700", "tmpfs", cluster._folder);
        }

        await GiveToOwnerAsync(cluster._folder);
        await cluster.CreateDataAsync();
        if (!await cluster.IsRunningAsync())
        {
            await cluster.StartServerAsync();
        }

        if (options.IsDurable)
        {
            await cluster.RequireDurabilityAsync();
        }

        return cluster;
    }

    private string Data => $"{_folder}/data";

    public Task StartServerAsync() => RunAsOwnerAsync(
        "pg_ctl", "-D", Data, "-w", "-s", "-l", $"{_folder}/server.log", "start", "-o",
        $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 " +
        $"{(_options.IsDurable ? "" : NotDurable)} {(_options.DiskMegabytes is null ? "" : SmallLog)} " +
        string.Join(' ', _options.Settings.Select(setting => $"-c {setting}")));

    public Task StopServerAsync() => StopAsync("fast");

    /// <summary>Ends the server without a checkpoint, as a crash would: the next start replays the write-ahead log.</summary>
    public Task CrashServerAsync() => StopAsync("immediate");

    /// <summary>Returns whether a server runs on the data in this folder.</summary>
    public static async Task<bool> IsRunningInAsync(string folder) =>
        File.Exists(Path.Combine(folder, "data", "postmaster.pid")) && await new PostgresCluster(new PostgresOptions { Folder = folder, Port = 0 }).IsRunningAsync();

    /// <summary>Ends the server on the data in this folder, if one runs, and deletes the data.</summary>
    public static async Task DeleteAsync(string folder)
    {
        if (await IsRunningInAsync(folder))
        {
            await new PostgresCluster(new PostgresOptions { Folder = folder, Port = 0 }).StopServerAsync();
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<bool> IsRunningAsync()
    {
        try
        {
            await RunAsOwnerAsync("pg_ctl", "-D", Data, "-s", "status");
            return true;
        }
        catch (StackException)
        {
            return false;
        }
    }

    /// <summary>Gets whether another user must own the data. On Windows the programs of PostgreSQL give up an administrator's rights themselves.</summary>
    private static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    private bool ServerRuns() => File.Exists($"{Data}/postmaster.pid");

    /// <summary>Takes all that is left of the disk that was asked for by <see cref="PostgresOptions.DiskMegabytes"/>.</summary>
    public async Task FillDiskAsync()
    {
        await using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[1 << 20];
        try
        {
            while (true)
            {
                await filler.WriteAsync(block);
            }
        }
        catch (IOException)
        {
            // "No space left on device": that was the point.
        }
    }

    /// <summary>Gives the space back and waits until PostgreSQL answers, which may have panicked meanwhile, and ended if it could not recover.</summary>
    public async Task FreeDiskAsync()
    {
        File.Delete(Filler);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await timer.WaitForNextTickAsync(limit.Token))
        {
            try
            {
                if (!ServerRuns())
                {
                    await StartServerAsync();
                }

                await ExecuteAsync("SELECT 1");
                return;
            }
            catch (Exception e) when (e is NpgsqlException or StackException)
            {
                // It recovers, or is just ending.
            }
        }
    }

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = "postgres",
        Password = _options.Password,
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
        if (_options.Folder is not null)
        {
            if (await IsRunningAsync())
            {
                await StopServerAsync();
            }

            return;
        }

        if (ServerRuns())
        {
            await CrashServerAsync();
        }

        if (_options.DiskMegabytes is not null)
        {
            await RunAsync("umount", _folder);
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Copies the data folder that this clone has made before with these programs, which takes a fifth of the time of making one.</summary>
    private async Task CreateDataAsync()
    {
        if (File.Exists(Path.Combine(Data, "PG_VERSION")))
        {
            return;
        }

        if (!Repository.IsHere || _options.Folder is not null)
        {
            await InitializeDataAsync();
            return;
        }

        var version = File.GetLastWriteTimeUtc(Path.Combine(Binaries, "initdb")).Ticks;
        var template = Path.Combine(Repository.Root, "artifacts", "postgres-template", $"{version:x}");
        if (!Directory.Exists(template))
        {
            await InitializeDataAsync();
            await KeepAsTemplateAsync(template);
            return;
        }

        await RunAsync("cp", "-a", template, Data);
    }

    private async Task InitializeDataAsync()
    {
        var password = Path.Combine(_folder, "password");
        await File.WriteAllTextAsync(password, _options.Password);
        await GiveToOwnerAsync(password);
        await RunAsOwnerAsync(
            "initdb", "-D", Data, "-U", "postgres", "-A", "scram-sha-256", $"--pwfile={password}",
            "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C");
    }

    /// <summary>Test processes that start together all do this; the first one to finish wins.</summary>
    private async Task KeepAsTemplateAsync(string template)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(template)!);
        var copy = $"{template}-{Guid.NewGuid():N}";
        await RunAsync("cp", "-a", Data, copy);
        try
        {
            Directory.Move(copy, template);
        }
        catch (IOException) when (Directory.Exists(template))
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private Task StopAsync(string mode) => RunAsOwnerAsync("pg_ctl", "-D", Data, "-m", mode, "-s", "stop");

    private async Task RequireDurabilityAsync()
    {
        await using var source = NpgsqlDataSource.Create(Superuser);
        foreach (var setting in Durability)
        {
            await using var command = source.CreateCommand($"SHOW {setting}");
            if (await command.ExecuteScalarAsync() is not "on")
            {
                throw new StackException($"{setting} of this PostgreSQL is not on, so what survives a crash here proves nothing.");
            }
        }
    }

    private string Uri(int port) => $"postgresql://postgres:{_options.Password}@127.0.0.1:{port}/postgres";

    private static Task GiveToOwnerAsync(string path) =>
        IsRoot ? RunAsync("chown", "postgres", path) : Task.CompletedTask;

    private Task RunAsOwnerAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(_binaries, SearchPath.FileName(program));
        return IsRoot
            ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments])
            : RunAsync(path, arguments);
    }

    /// <summary>Only the version that has written the data can read it.</summary>
    private static string ProgramsFor(string data)
    {
        var version = Path.Combine(data, "PG_VERSION");
        if (!File.Exists(version) || !int.TryParse(File.ReadAllText(version), NumberStyles.Integer, CultureInfo.InvariantCulture, out var major))
        {
            return Binaries;
        }

        return PostgresPrograms.Find(major) ?? throw new StackException(
            $"the data in {Path.GetDirectoryName(data)} was written by PostgreSQL {major}, which is not installed; install it, or start empty with --reset");
    }

    /// <summary>Creates the folder in memory if it need not survive and there is room: creating a database there takes a tenth of the time.</summary>
    private static string CreateFolder(PostgresOptions options)
    {
        const string memory = "/dev/shm";
        const long room = 4L << 30;
        if (!OperatingSystem.IsLinux() || options.IsDurable || options.DiskMegabytes is not null || !Directory.Exists(memory) || new DriveInfo(memory).AvailableFreeSpace < room)
        {
            return Directory.CreateTempSubdirectory("dapr-orders-postgres-").FullName;
        }

        var folder = Path.Combine(memory, $"dapr-orders-postgres-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return folder;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output goes nowhere, and not to a pipe: the server would inherit the pipe and keep it open.
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo(program, arguments)
            : new ProcessStartInfo("sh", ["-c", "exec \"$@\" > /dev/null", "sh", program, .. arguments]) { WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        await Wait.UntilAsync($"{program} {string.Join(' ', arguments)} to end", () => process.HasExited, TimeSpan.FromMinutes(2));
        if (process.ExitCode != 0)
        {
            throw new StackException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }
}
