using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace DaprOrders.Stack;

/// <summary>Where the PostgreSQL of a run comes from.</summary>
public enum PostgresSource
{
    /// <summary>The private server of this clone is already running.</summary>
    Private,

    /// <summary>Another server is running on the port.</summary>
    Running,

    /// <summary>A program that is not PostgreSQL listens on the port.</summary>
    OtherProgram,

    /// <summary>Docker starts a server.</summary>
    Docker,

    /// <summary>The installed programs start a private server.</summary>
    Programs,

    /// <summary>The programs are installed first. Then they start a private server.</summary>
    Package,

    /// <summary>PostgreSQL is not installed, and it cannot be installed automatically.</summary>
    NotAvailable,
}

/// <summary>The PostgreSQL of a run: one that is already running, otherwise one in Docker, otherwise a private one.</summary>
public sealed class LocalPostgres : IAsyncDisposable
{
    // The message with which a client requests TLS. Every PostgreSQL server responds with one letter.
    private static readonly byte[] TlsRequest = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
    private static readonly TimeSpan DockerTimeout = TimeSpan.FromSeconds(3);

    private readonly Func<ValueTask> _stop;

    private LocalPostgres(string description, bool isOurs, Func<ValueTask> stop) => (Description, IsOurs, _stop) = (description, isOurs, stop);

    /// <summary>Gets a description of the server for the console.</summary>
    public string Description { get; }

    /// <summary>Gets whether this run started the server, so that it contains no data of other users.</summary>
    public bool IsOurs { get; }

    /// <summary>Finds or starts PostgreSQL.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="port">The port that dapr.yaml names.</param>
    /// <param name="password">The password of the role postgres in a new data folder.</param>
    /// <param name="reset">Whether a private server starts with an empty data folder.</param>
    /// <param name="report">Receives a line before each step that takes long.</param>
    /// <exception cref="StackException">PostgreSQL is not available, or another program listens on the port.</exception>
    public static async Task<LocalPostgres> StartAsync(
        string root, int port, string password, bool reset, Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        switch (await FindAsync(root, port, cancellationToken))
        {
            case PostgresSource.Running:
                return new LocalPostgres($"PostgreSQL on 127.0.0.1:{port}, which was already running", isOurs: false, () => ValueTask.CompletedTask);
            case PostgresSource.OtherProgram:
                throw new StackException($"port {port} is not used by PostgreSQL but by {FreePort.DescribeListener(port)}");
            case PostgresSource.Docker when await TryDockerAsync(root, port, report, cancellationToken) is { } docker:
                return docker;
            default:
                return await StartPrivateAsync(DataFolder(root), port, password, reset, report, cancellationToken);
        }
    }

    /// <summary>Returns which PostgreSQL a run would use. Starts nothing.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="port">The port that dapr.yaml names.</param>
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

        // If the Docker engine does not respond, these commands hang, so they have a timeout.
        if (await SucceedsAsync("info") && await SucceedsAsync("compose", "version"))
        {
            return PostgresSource.Docker;
        }

        return PostgresPrograms.Find() is not null ? PostgresSource.Programs
            : DebianPackages.CanInstall ? PostgresSource.Package
            : PostgresSource.NotAvailable;

        async Task<bool> SucceedsAsync(params string[] arguments) =>
            (await ProcessRunner.RunAsync(["docker", .. arguments], root, DockerTimeout, null, cancellationToken)).ExitCode is 0;
    }

    /// <summary>Returns the connection settings of the role postgres. Its password is POSTGRES_PASSWORD, by default the one in docker-compose.yml.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="port">The port that dapr.yaml names.</param>
    /// <exception cref="StackException">docker-compose.yml cannot be read.</exception>
    public static NpgsqlConnectionStringBuilder Superuser(string root, int port) => new()
    {
        Host = "127.0.0.1",
        Port = port,
        Username = PostgresCluster.Role,
        Password = ComposeFile.PostgresPassword(Path.Combine(root, "docker-compose.yml")),
        Database = "postgres",
    };

    public ValueTask DisposeAsync() => _stop();

    /// <summary>Returns the data folder. For root it is outside the clone, because the user postgres may not be allowed to enter the clone's folder.</summary>
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
        report("Starting PostgreSQL in Docker (the first run downloads its image) ...");
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

    /// <summary>
    /// Returns whether PostgreSQL responds on a port. If nothing responds it may still be starting, so this tries again. Any other response is final.
    /// </summary>
    private static async Task<bool> RespondsAsync(int port, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        while (!limit.IsCancellationRequested)
        {
            if (await RequestTlsAsync(port, limit.Token) is { } letter)
            {
                return letter is (byte)'S' or (byte)'N';
            }

            await Task.Delay(TimeSpan.FromMilliseconds(300), limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return false;
    }

    private static async Task<byte?> RequestTlsAsync(int port, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, limit.Token);
            await client.GetStream().WriteAsync(TlsRequest, limit.Token);
            var response = new byte[1];
            return await client.GetStream().ReadAsync(response, limit.Token) == 1 ? response[0] : null;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
