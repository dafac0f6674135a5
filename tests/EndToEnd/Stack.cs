using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using DaprOrders.EndToEnd.Tests;
using DaprOrders.TestSupport;
using Npgsql;

[assembly: AssemblyFixture(typeof(Stack))]

namespace DaprOrders.EndToEnd.Tests;

/// <summary>
/// The whole system: a PostgreSQL of its own, and what was built started from a copy of dapr.yaml by the development sidecar, with inventory
/// twice. Started once for all tests; each test orders items of its own.
/// </summary>
public sealed partial class Stack : IAsyncLifetime
{
    private const int SigTerm = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("dapr-orders-stack-").FullName;
    private readonly ConcurrentQueue<string> _output = new();
    private Process? _runtime;
    private PostgresCluster? _postgres;

    public HttpClient Gateway { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    public async ValueTask InitializeAsync()
    {
        _postgres = await PostgresCluster.StartAsync();
        await _postgres.RunScriptAsync(Path.Combine(Repository.Root, "postgres", "init.sql"));

        var runFile = RunFile.Read();
        runFile.RunWhatWasBuilt();
        runFile.Duplicate("inventory");
        runFile.UseFreePorts(_postgres.Port);
        var path = Path.Combine(_folder, "dapr.yaml");
        await File.WriteAllTextAsync(path, runFile.ToString());

        _runtime = Start("dotnet", Repository.Built("DaprOrders.DevSidecar", "dev-sidecar.dll"), "run", "-f", path, "--data", _folder);
        Gateway.BaseAddress = new Uri($"http://127.0.0.1:{runFile.AppPorts("gateway").Single()}");
        await Task.WhenAll(runFile.AllAppPorts.Select(UntilReadyAsync));
    }

    /// <summary>Runs one statement in a service's database, as that service's role.</summary>
    public async Task<object?> QueryAsync(string database, string sql, string? role = null)
    {
        role ??= database[..^"_db".Length]; // orders_db belongs to the role orders
        await using var source = NpgsqlDataSource.Create(
            $"Host=127.0.0.1;Port={_postgres!.Port};Database={database};Username={role};Password={role};Pooling=false");
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        if (_runtime is not null)
        {
            _ = Kill(_runtime.Id, SigTerm);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            await _runtime.WaitForExitAsync(limit.Token);
            _runtime.Dispose();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task UntilReadyAsync(int port)
    {
        using var client = new HttpClient();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var started = Stopwatch.GetTimestamp();
        var answer = "";
        while (await timer.WaitForNextTickAsync())
        {
            if (_runtime!.HasExited || Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new InvalidOperationException($"Port {port} is not ready: {answer}\n{string.Join('\n', _output)}");
            }

            try
            {
                using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz/ready"));
                answer = await response.Content.ReadAsStringAsync();
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException e)
            {
                answer = e.Message;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
