using DaprOrders.Testing;
using DaprOrders.Testing.Stack;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>
/// How the tests supervise real Dapr, shown with stand-ins: a <c>dapr</c> that starts what the CLI starts, in the way the CLI does, and
/// programs that only wait.
/// </summary>
public sealed class DaprRuntimeTests : IAsyncLifetime
{
    private static readonly AppInstance Order = new("order", 1, 15_001, 15_001, 15_002, 15_002, GrpcPort: 15_003);

    private readonly string _folder = Directory.CreateTempSubdirectory("dapr-orders-runtime-").FullName;
    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");
    private DaprRuntime _runtime = null!;

    public async ValueTask InitializeAsync()
    {
        // One process each, without children: bash under another name, that waits for what nobody writes.
        File.CreateSymbolicLink(Path.Combine(_folder, "daprd"), "/bin/bash");
        File.CreateSymbolicLink(Path.Combine(_folder, "app"), "/bin/bash");
        WriteProgram(
            "dapr",
            $"""
            #!/bin/bash
            trap 'exit 0' TERM
            cd {_folder}
            mkfifo never
            {_folder}/daprd -c 'echo "$@" >> daprd.starts; read -r < never' daprd --app-id order --dapr-grpc-port {Order.GrpcPort} &
            APP_ID=order DAPR_GRPC_PORT={Order.GrpcPort} COLOUR=blue {_folder}/app -c 'echo "$COLOUR in $PWD" >> app.starts; read -r < never' &
            while :; do sleep 0.1; done
            """);
        Environment.SetEnvironmentVariable("PATH", $"{_folder}:{_path}");
        _runtime = new DaprRuntime("dapr.yaml");
        await _runtime.StartAsync();
        Environment.SetEnvironmentVariable("PATH", _path);
    }

    public async ValueTask DisposeAsync()
    {
        await _runtime.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_sidecar_that_ends_is_started_again_as_the_cli_had_started_it()
    {
        await LinesAsync("daprd.starts", count: 1);

        await _runtime.KillSidecarAsync(Order);

        Assert.All(await LinesAsync("daprd.starts", count: 2), line => Assert.Equal($"--app-id order --dapr-grpc-port {Order.GrpcPort}", line));
    }

    [Fact]
    public async Task An_app_is_started_again_when_a_test_asks_with_its_environment_and_in_its_folder()
    {
        await LinesAsync("app.starts", count: 1);

        Assert.True(await _runtime.SignalAsync(Order, Signals.Kill));
        Assert.Null(_runtime.ProcessOf(Order));
        await _runtime.StartAsync(Order);

        Assert.All(await LinesAsync("app.starts", count: 2), line => Assert.Equal($"blue in {_folder}", line));
        Assert.NotNull(_runtime.ProcessOf(Order));
    }

    private async Task<string[]> LinesAsync(string file, int count)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await timer.WaitForNextTickAsync(limit.Token))
        {
            if (File.Exists(Path.Combine(_folder, file)) && await File.ReadAllLinesAsync(Path.Combine(_folder, file), limit.Token) is { } lines && lines.Length >= count)
            {
                return lines;
            }
        }

        return [];
    }

    private void WriteProgram(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
