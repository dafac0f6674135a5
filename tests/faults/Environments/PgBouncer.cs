using System.Diagnostics;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Faults.Tests.Environments;

/// <summary>Runs PgBouncer in transaction mode between the services and PostgreSQL.</summary>
internal sealed class PgBouncer(string program) : IAsyncDisposable
{
    private static readonly string[] Roles = ["orders", "orders_owner", "inventory", "inventory_owner", "notification", "notification_owner"];

    private readonly string _folder = Directory.CreateTempSubdirectory("pgbouncer-").FullName;
    private Process? _process;

    /// <summary>Starts PgBouncer and returns its port.</summary>
    public async Task<int> StartAsync(int postgresPort)
    {
        var port = FreePort.Take();
        var users = Path.Combine(_folder, "users");
        await File.WriteAllLinesAsync(users, Roles.Select(role => $"\"{role}\" \"{role}\""));
        var settings = Path.Combine(_folder, "pgbouncer.ini");
        await File.WriteAllTextAsync(
            settings,
            $"""
            [databases]
            * = host=127.0.0.1 port={postgresPort}

            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = plain
            auth_file = {users}
            pool_mode = transaction
            default_pool_size = 10
            """);

        // It refuses to run as root.
        string[] command = Environment.IsPrivilegedProcess ? ["runuser", "-u", "nobody", "--", program, settings] : [program, settings];
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await Wait.UntilAsync("PgBouncer to listen", () => FreePort.Listens(port));
        return port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            Platform.Current.Send(_process.Id, Signal.Terminate);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
