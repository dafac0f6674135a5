using DaprOrders.Stack.Platforms;
namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Ctrl-C, or a SIGTERM, while ./run.sh is still starting: it ends with 0, and so does all that it has started.</summary>
[Trait("Form", "scripts")]
public sealed class SignalTests
{
    [Theory(Explicit = true)]
    [InlineData(Signal.Interrupt)]
    [InlineData(Signal.Terminate)]
    public async Task While_it_is_built(Signal signal)
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet(build: Machine.Hang);
        await machine.RunPostgresAsync();

        await StopOnceCalledAsync(machine, $"dotnet build {machine.Clone.Folder}", signal);
    }

    [Fact(Explicit = true)]
    public async Task While_Docker_starts_PostgreSQL()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("docker", $"[[ $* != *up* ]] || {Machine.Hang}");

        await StopOnceCalledAsync(machine, "docker compose up", Signal.Interrupt);

        Assert.Equal("docker compose stop -t 2 postgres", machine.Calls[^1]);
    }

    [Fact(Explicit = true)]
    public async Task While_it_waits_for_the_broker()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.RunPostgresAsync();
        machine.InstallDapr();
        var started = machine.Clone.StartAsync();

        await machine.UntilSaidAsync("Waiting up to 60 s for kafka");
        await machine.Clone.StopAsync(Signal.Interrupt);

        await AssertNothingIsLeftAsync(machine, started);
    }

    [Theory(Explicit = true)]
    [InlineData(Machine.Hang)]
    [InlineData("trap '' TERM; sleep 600")] // as the Dapr CLI does until every app is started
    public async Task While_the_services_are_not_ready_yet(string dapr)
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.RunPostgresAsync();
        machine.InstallDapr();
        machine.Install("dapr", dapr);
        machine.Listen(9092, "yes");

        await StopOnceCalledAsync(machine, "dapr run", Signal.Terminate);
    }

    private static async Task StopOnceCalledAsync(Machine machine, string call, Signal signal)
    {
        var started = machine.Clone.StartAsync();
        await machine.UntilCalledAsync(call);

        await machine.Clone.StopAsync(signal);

        await AssertNothingIsLeftAsync(machine, started);
    }

    private static async Task AssertNothingIsLeftAsync(Machine machine, Task<bool> started)
    {
        Assert.False(await started, machine.Clone.Output);
        Assert.Equal(0, machine.Clone.ExitCode);
        Assert.Empty(machine.Clone.Processes());
    }
}
