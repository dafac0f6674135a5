using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Checks which runtime ./run.sh uses, and with which run file.</summary>
[Trait("Form", "scripts")]
public sealed class RuntimeChoiceTests
{
    [Theory(Explicit = true)]
    [InlineData("kafka", 9092)]
    [InlineData("redis", 6379)]
    [InlineData("rabbitmq", 5672)]
    public async Task Dapr_is_used_if_its_broker_responds(string broker, int port)
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr();
        machine.Listen(port, "yes");
        machine.ServicesAreReadyAfter("dapr run");
        await machine.Clone.ReplaceAsync("dapr.yaml", "./components/kafka]", $"./components/{broker}]");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal($"dapr run -f {machine.Clone.Folder}/.dapr-orders/dapr.yaml", machine.Calls[^1]);
        Assert.Contains($"Broker    {broker} on 127.0.0.1:{machine.Clone.FreePortOf(port)}", machine.Clone.Output, StringComparison.Ordinal);
        Assert.Contains("Runtime   Dapr, ", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Dapr_gets_dapr_yaml_with_other_paths_commands_and_logs_only()
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr();
        machine.Listen(9092, "yes");
        machine.ServicesAreReadyAfter("dapr run");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal(Read(machine, "dapr.yaml"), Read(machine, ".dapr-orders", "dapr.yaml"));
    }

    [Fact(Explicit = true)]
    public async Task Broker_that_responds_during_the_wait_is_used()
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr();
        machine.ServicesAreReadyAfter("dapr run");
        var started = machine.Clone.StartAsync();

        await machine.UntilOutputAsync($"Waiting up to 60 s for kafka on 127.0.0.1:{machine.Clone.FreePortOf(9092)}");
        machine.Listen(9092, "yes");

        Assert.True(await started, machine.Clone.Output);
        Assert.Equal($"dapr run -f {machine.Clone.Folder}/.dapr-orders/dapr.yaml", machine.Calls[^1]);
    }

    [Fact(Explicit = true)]
    public async Task Emulator_is_used_without_Dapr()
    {
        await using var machine = await MachineAsync();
        machine.ServicesAreReadyAfter(machine.EmulatorCall);

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.StartsWith(machine.EmulatorCall, machine.Calls[^1], StringComparison.Ordinal);
        Assert.Contains("Runtime   Dapr emulator, because dapr is not on PATH\n", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Emulator_is_used_without_the_Dapr_runtime()
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr(withRuntime: false);
        machine.ServicesAreReadyAfter(machine.EmulatorCall);

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.StartsWith(machine.EmulatorCall, machine.Calls[^1], StringComparison.Ordinal);
        Assert.Contains("/.dapr/bin/daprd is missing; install it with: dapr init --slim\n", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData(3, 1, "error: the runtime ended with status 3")]
    [InlineData(0, 0, "")] // as after dapr stop
    public async Task Script_ends_when_the_runtime_ends(int status, int expected, string message)
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr();
        machine.Install("dapr", $"exit {status}");
        machine.Listen(9092, "yes");

        Assert.Equal((expected, message), await machine.Clone.TryRunAsync());
    }

    private static async Task<Machine> MachineAsync()
    {
        var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.RunPostgresAsync();
        return machine;
    }

    /// <summary>Reads a run file without the commands and log settings, which <c>up</c> changes.</summary>
    private static string Read(Machine machine, params string[] path)
    {
        var file = RunFile.Read(Path.Combine([machine.Clone.Folder, .. path]));
        file.LogToConsole();
        foreach (var app in file.Apps)
        {
            file.RunSidecarOnly(app.AppId);
        }

        return file.ToString();
    }
}
