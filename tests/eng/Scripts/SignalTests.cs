using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Sends Ctrl-C or SIGTERM while ./run.sh is starting. It exits with 0, and all processes that it started end.</summary>
[Trait("Form", "scripts")]
public sealed class SignalTests
{
    [Theory(Explicit = true)]
    [InlineData(Signal.Interrupt)]
    [InlineData(Signal.Terminate)]
    public async Task Signal_during_the_build_ends_all_processes(Signal signal)
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet(build: Machine.Hang);
        await machine.RunPostgresAsync();

        await StopAfterAsync(machine, $"dotnet build {machine.Clone.Folder}", signal);
    }

    [Fact(Explicit = true)]
    public async Task Signal_while_Docker_starts_PostgreSQL_ends_all_processes()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("docker", $"[[ $* != *up* ]] || {Machine.Hang}");

        await StopAfterAsync(machine, "docker compose up", Signal.Interrupt);

        Assert.Equal("docker compose stop -t 2 postgres", machine.Calls[^1]);
    }

    [Fact(Explicit = true)]
    public async Task Signal_while_waiting_for_the_broker_ends_all_processes()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.RunPostgresAsync();
        machine.InstallDapr();
        var started = machine.Clone.StartAsync();

        await machine.UntilOutputAsync("Waiting up to 60 s for kafka");
        await machine.Clone.StopAsync(Signal.Interrupt);

        await AssertEndedAsync(machine, started);
    }

    [Theory(Explicit = true)]
    [InlineData(Machine.Hang)]
    [InlineData("trap '' TERM; sleep 600")] // like the Dapr CLI until every app has started
    public async Task Signal_before_the_services_are_ready_ends_all_processes(string dapr)
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.RunPostgresAsync();
        machine.InstallDapr();
        machine.Install("dapr", dapr);
        machine.Listen(9092, "yes");

        await StopAfterAsync(machine, "dapr run", Signal.Terminate);
    }

    private static async Task StopAfterAsync(Machine machine, string call, Signal signal)
    {
        var started = machine.Clone.StartAsync();
        await machine.UntilCalledAsync(call);

        await machine.Clone.StopAsync(signal);

        await AssertEndedAsync(machine, started);
    }

    private static async Task AssertEndedAsync(Machine machine, Task<bool> started)
    {
        Assert.False(await started, machine.Clone.Output);
        Assert.Equal(0, machine.Clone.ExitCode);
        Assert.Empty(machine.Clone.Processes());
    }
}
