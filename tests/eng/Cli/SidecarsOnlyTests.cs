using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Cli;

/// <summary>Runs <c>up --sidecars-only</c> on a machine with fake programs.</summary>
[Trait("Form", "scripts")]
public sealed class SidecarsOnlyTests
{
    private const string SidecarIsReady = "HTTP/1.0 204 No Content\r\n\r\n";
    private const string ServiceIsReady = "HTTP/1.0 200 OK\r\n\r\n{}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Dapr_starts_only_the_sidecars_and_the_commands_of_the_services_are_printed()
    {
        await using var machine = await MachineAsync();
        foreach (var port in (int[])[3500, 3501, 3502, 3503])
        {
            machine.ListenAfter("dapr run", port, SidecarIsReady);
        }

        Assert.True(await machine.Clone.StartAsync("--sidecars-only"), machine.Clone.Output);

        await machine.UntilOutputAsync(
            """
             s. Start gateway, order, inventory, notification from your IDE, or one after the other with:
              dotnet run --project services/gateway --launch-profile gateway
              dotnet run --project services/order --launch-profile order
              dotnet run --project services/inventory --launch-profile inventory
              dotnet run --project services/notification --launch-profile notification
            """);
        Assert.Equal(0, await CommandsAsync(machine));
        Assert.DoesNotContain(machine.Calls, call => call.Contains("services.slnf", StringComparison.Ordinal));
    }

    [Fact(Explicit = true)]
    public async Task One_service_is_not_started_and_may_already_run()
    {
        await using var machine = await MachineAsync();
        machine.Listen(8001, ServiceIsReady);
        machine.ListenAfter("dapr run", 3501, SidecarIsReady);
        foreach (var port in (int[])[8000, 8002, 8003])
        {
            machine.ListenAfter("dapr run", port, ServiceIsReady);
        }

        Assert.True(await machine.Clone.StartAsync("--sidecars-only", "order"), machine.Clone.Output);

        await machine.UntilOutputAsync(
            """
             s. Start order from your IDE, or with:
              dotnet run --project services/order --launch-profile order
            """);
        Assert.Equal(3, await CommandsAsync(machine));
        var built = await File.ReadAllTextAsync(Path.Combine(machine.Clone.Folder, ".dapr-orders", "services.slnf"), Cancel);
        Assert.Contains("DaprOrders.Gateway", built, StringComparison.Ordinal);
        Assert.DoesNotContain("DaprOrders.OrderService", built, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Run_is_ready_when_every_sidecar_accepts_requests()
    {
        await using var machine = await MachineAsync();
        foreach (var port in (int[])[3500, 3501, 3502])
        {
            machine.ListenAfter("dapr run", port, SidecarIsReady);
        }

        var started = machine.Clone.StartAsync("--sidecars-only");
        await machine.UntilCalledAsync("dapr run");
        var last = machine.Listen(3503, "HTTP/1.0 500 Internal Server Error\r\n\r\n");
        await Wait.UntilAsync("a second request", () => last.Requests.Count > 1);

        Assert.DoesNotContain("Ready after", machine.Clone.Output, StringComparison.Ordinal);
        last.Response = SidecarIsReady;
        Assert.True(await started, machine.Clone.Output);
    }

    [Fact(Explicit = true)]
    public async Task Unknown_service_is_invalid_usage()
    {
        await using var machine = await MachineAsync();

        var (exitCode, error) = await machine.Clone.TryRunAsync("--sidecars-only", "stock");

        Assert.Equal(2, exitCode);
        Assert.Contains("'stock'", error, StringComparison.Ordinal);
        Assert.Contains("'order'", error, StringComparison.Ordinal);
    }

    private static async Task<Machine> MachineAsync()
    {
        var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.RunPostgresAsync();
        machine.InstallDapr();
        machine.Listen(9092, "yes");
        return machine;
    }

    /// <summary>Counts the commands in the run file that was passed to Dapr.</summary>
    private static async Task<int> CommandsAsync(Machine machine)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(machine.Clone.Folder, ".dapr-orders", "dapr.yaml"), Cancel);
        return lines.Count(line => line.Contains("command:", StringComparison.Ordinal));
    }
}
