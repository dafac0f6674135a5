using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace DaprOrders.Stack;

/// <summary>
/// A private PostgreSQL server on 127.0.0.1, either temporary or with a folder that keeps its data. For root it runs as the user postgres, because
/// PostgreSQL refuses to run as root.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    /// <summary>The name of the superuser.</summary>
    internal const string Role = "postgres";

    /// <summary>synchronous_commit stays on, because the services log a warning if it is off. Without fsync it costs almost nothing.</summary>
    private const string NotDurable = "-c fsync=off -c full_page_writes=off";

    /// <summary>Limits the write-ahead log, which would otherwise fill a small disk.</summary>
    private const string SmallLog = "-c min_wal_size=32MB -c max_wal_size=96MB";

    private static readonly string[] DurabilitySettings = ["fsync", "full_page_writes", "synchronous_commit"];

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

    /// <summary>Gets the folder with the programs of the newest PostgreSQL on this machine.</summary>
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

    /// <exception cref="StackException">A program of PostgreSQL failed, or the server is not durable although the options require it.</exception>
    public static async Task<PostgresCluster> StartAsync(PostgresOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Folder is null)
        {
            await Ownership.PrepareAsync();
        }

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

    /// <summary>Ends the server without a checkpoint, like a crash. The next start replays the write-ahead log.</summary>
    public Task CrashServerAsync() => StopAsync("immediate");

    /// <summary>Returns whether a server uses the data in this folder.</summary>
    public static async Task<bool> IsRunningInAsync(string folder) =>
        File.Exists(Path.Combine(folder, "data", "postmaster.pid")) && await new PostgresCluster(new PostgresOptions { Folder = folder, Port = 0 }).IsRunningAsync();

    /// <summary>Ends the server that uses the data in this folder, if there is one, and deletes the data.</summary>
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

    /// <summary>Gets whether another user must own the data. On Windows, PostgreSQL drops the rights of an administrator automatically.</summary>
    private static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    private bool ServerRuns() => File.Exists($"{Data}/postmaster.pid");

    /// <summary>Fills the disk of <see cref="PostgresOptions.DiskMegabytes"/>.</summary>
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
            // "No space left on device": the disk is full, as intended.
        }
    }

    /// <summary>Frees the space and waits until PostgreSQL responds. If a full disk has ended the server, it is started again.</summary>
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
                // The server is recovering or ending.
            }
        }
    }

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = Role,
        Password = _options.Password,
        Database = database,
        NoResetOnClose = true,
        IncludeErrorDetail = true,
    }.ConnectionString;

    /// <summary>Creates a database for one test, empty or as a copy of <paramref name="template"/>, and returns its name.</summary>
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

    /// <summary>Runs a script of the repository in psql, as users do.</summary>
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

    /// <summary>Creates the data folder. Copies one that was created earlier with the same programs, which takes a fifth of the time of initdb.</summary>
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

    /// <summary>Saves the data folder as a template. If several test processes do this at the same time, the first one to finish wins.</summary>
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
        foreach (var setting in DurabilitySettings)
        {
            await using var command = source.CreateCommand($"SHOW {setting}");
            if (await command.ExecuteScalarAsync() is not "on")
            {
                throw new StackException($"{setting} is off in this PostgreSQL, so a test with crashes would prove nothing.");
            }
        }
    }

    private string Uri(int port) => $"postgresql://{Role}:{_options.Password}@127.0.0.1:{port}/postgres";

    private static Task GiveToOwnerAsync(string path) =>
        IsRoot ? RunAsync("chown", "postgres", path) : Task.CompletedTask;

    private Task RunAsOwnerAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(_binaries, SearchPath.FileName(program));
        return IsRoot
            ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments])
            : RunAsync(path, arguments);
    }

    /// <summary>Returns the folder with the programs of the version that wrote the data. Other versions cannot read it.</summary>
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

    /// <summary>
    /// Creates the folder. If the data need not be durable and there is enough memory, the folder is in memory, where creating a database takes a tenth
    /// of the time.
    /// </summary>
    private static string CreateFolder(PostgresOptions options)
    {
        const string memory = "/dev/shm";
        const long required = 4L << 30;
        var isInMemory = OperatingSystem.IsLinux() && !options.IsDurable && options.DiskMegabytes is null
            && Directory.Exists(memory) && new DriveInfo(memory).AvailableFreeSpace >= required;
        return Ownership.CreateFolder("postgres", isInMemory);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output is discarded and not piped, because the server would inherit the pipe and keep it open.
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo(program, arguments)
            : new ProcessStartInfo("sh", ["-c", "exec \"$@\" > /dev/null", "sh", program, .. arguments]) { WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        await Wait.UntilAsync($"{program} {string.Join(' ', arguments)} to end", () => process.HasExited, TimeSpan.FromMinutes(2));
        if (process.ExitCode != 0)
        {
            throw new StackException($"{program} {string.Join(' ', arguments)} exited with {process.ExitCode}.");
        }
    }
}
