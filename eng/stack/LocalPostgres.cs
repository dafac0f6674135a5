using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace DaprOrders.Stack;

/// <summary>Where the PostgreSQL of a run comes from.</summary>
public enum PostgresSource
{
    /// <summary>The private one of this clone runs already.</summary>
    Private,

    /// <summary>Another one runs on the port.</summary>
    Running,

    /// <summary>Something that is not PostgreSQL has the port.</summary>
    OtherProgram,

    /// <summary>Docker starts one.</summary>
    Docker,

    /// <summary>The programs on this machine start a private one.</summary>
    Programs,

    /// <summary>The programs are installed first.</summary>
    Package,

    /// <summary>There is none to be had.</summary>
    Nowhere,
}

/// <summary>The PostgreSQL of a run: one that runs already, one in Docker, or a private one, whichever is there first.</summary>
public sealed class LocalPostgres : IAsyncDisposable
{
    // The first message of a client that asks for TLS. Every PostgreSQL answers with one letter.
    private static readonly byte[] TlsRequest = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
    private static readonly TimeSpan DockerLimit = TimeSpan.FromSeconds(3);

    private readonly Func<ValueTask> _stop;

    private LocalPostgres(string description, bool isOurs, Func<ValueTask> stop) => (Description, IsOurs, _stop) = (description, isOurs, stop);

    /// <summary>Gets a sentence on where the database is.</summary>
    public string Description { get; }

    /// <summary>Gets whether the run has started it, so that nobody else's data is in it.</summary>
    public bool IsOurs { get; }

    /// <summary>Finds or starts PostgreSQL.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="port">The port that dapr.yaml names.</param>
    /// <param name="password">The password of the role postgres in a new data folder.</param>
    /// <param name="reset">Whether a private PostgreSQL starts empty.</param>
    /// <param name="report">Receives a line before each step that takes a while.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="StackException">There is no PostgreSQL to be had, or something else listens on the port.</exception>
    public static async Task<LocalPostgres> StartAsync(
        string root, int port, string password, bool reset, Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        switch (await FindAsync(root, port, cancellationToken))
        {
            case PostgresSource.Running:
                return new LocalPostgres($"PostgreSQL on 127.0.0.1:{port}, which was already running", isOurs: false, () => ValueTask.CompletedTask);
            case PostgresSource.OtherProgram:
                throw new StackException($"port {port} is not used by PostgreSQL but by {FreePort.HolderOf(port)}; free that port");
            case PostgresSource.Docker when await TryDockerAsync(root, port, report, cancellationToken) is { } docker:
                return docker;
            default:
                return await StartPrivateAsync(DataFolder(root), port, password, reset, report, cancellationToken);
        }
    }

    /// <summary>Returns where a start would take PostgreSQL from. Starts nothing.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="port">The port that dapr.yaml names.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public static async Task<PostgresSource> FindAsync(string root, int port, CancellationToken cancellationToken)
    {
        if (await PostgresCluster.IsRunningInAsync(DataFolder(root)))
        {
            return PostgresSource.Private;
        }

        if (FreePort.Listens(port))
        {
            return await RespondsAsync(port, TimeSpan.FromSeconds(10), cancellationToken) ? PostgresSource.Running : PostgresSource.OtherProgram;
        }

        // Without an engine, or with one that hangs, the command takes its time.
        if (await SucceedsAsync("info") && await SucceedsAsync("compose", "version"))
        {
            return PostgresSource.Docker;
        }

        return PostgresPrograms.Find() is not null ? PostgresSource.Programs
            : PostgresInstaller.IsPossible ? PostgresSource.Package
            : PostgresSource.Nowhere;

        async Task<bool> SucceedsAsync(params string[] arguments) =>
            (await ProcessRunner.RunAsync(["docker", .. arguments], root, DockerLimit, null, cancellationToken)).ExitCode is 0;
    }

    /// <summary>Returns how the role postgres connects; its password is in POSTGRES_PASSWORD.</summary>
    /// <param name="port">The port that dapr.yaml names.</param>
    public static NpgsqlConnectionStringBuilder Superuser(int port) => new()
    {
        Host = "127.0.0.1",
        Port = port,
        Username = "postgres",
        Password = Environment.GetEnvironmentVariable("POSTGRES_PASSWORD") ?? "postgres",
        Database = "postgres",
    };

    public ValueTask DisposeAsync() => _stop();

    /// <summary>The data of root is where the user postgres can reach it, as the clone may be in a folder that only root can enter.</summary>
    private static string DataFolder(string root) => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
        ? $"/var/lib/postgresql/dapr-orders-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(root)))[..12]}"
        : Path.Combine(root, ".dapr-orders", "postgres");

    private static async Task<LocalPostgres> StartPrivateAsync(
        string folder, int port, string password, bool reset, Action<string> report, CancellationToken cancellationToken)
    {
        if (reset)
        {
            await PostgresCluster.DeleteAsync(folder);
        }

        if (PostgresPrograms.Find() is null)
        {
            await PostgresInstaller.InstallAsync(report, cancellationToken);
        }

        Directory.CreateDirectory(folder);
        var cluster = await PostgresCluster.StartAsync(new PostgresOptions { Folder = folder, Port = port, Password = password, IsDurable = true });
        return new LocalPostgres($"private PostgreSQL on 127.0.0.1:{port}, data in {folder}", isOurs: true, cluster.DisposeAsync);
    }

    private static async Task<LocalPostgres?> TryDockerAsync(string root, int port, Action<string> report, CancellationToken cancellationToken)
    {
        report("Starting PostgreSQL in Docker (the first time its image is downloaded) ...");
        try
        {
            var (exitCode, output) = await ProcessRunner.RunAsync(["docker", "compose", "up", "-d", "postgres"], root, null, null, cancellationToken);
            if (exitCode is 0 && await RespondsAsync(port, TimeSpan.FromSeconds(60), cancellationToken))
            {
                return new LocalPostgres($"PostgreSQL in Docker on 127.0.0.1:{port}", isOurs: true, StopAsync);
            }

            report($"Docker did not start PostgreSQL: {output.TrimEnd().Split('\n')[^1]}");
        }
        catch (OperationCanceledException)
        {
            await StopAsync();
            throw;
        }

        await StopAsync();
        return null;

        async ValueTask StopAsync() =>
            await ProcessRunner.RunAsync(["docker", "compose", "stop", "-t", "2", "postgres"], root, TimeSpan.FromSeconds(4), null, CancellationToken.None);
    }

    /// <summary>No response may mean that it is still starting. A response other than PostgreSQL's is final.</summary>
    private static async Task<bool> RespondsAsync(int port, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        while (!limit.IsCancellationRequested)
        {
            if (await AskAsync(port, limit.Token) is { } letter)
            {
                return letter is (byte)'S' or (byte)'N';
            }

            await Task.Delay(TimeSpan.FromMilliseconds(300), limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return false;
    }

    private static async Task<byte?> AskAsync(int port, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, limit.Token);
            await client.GetStream().WriteAsync(TlsRequest, limit.Token);
            var answer = new byte[1];
            return await client.GetStream().ReadAsync(answer, limit.Token) == 1 ? answer[0] : null;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
