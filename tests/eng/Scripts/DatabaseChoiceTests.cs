using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Checks which PostgreSQL ./run.sh uses.</summary>
[Trait("Form", "scripts")]
public sealed class DatabaseChoiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData("echo 'Cannot connect to the Docker daemon' >&2; exit 1")]
    [InlineData(Machine.Hang)]
    [InlineData("trap '' TERM; sleep 600")] // also ignores SIGTERM
    public async Task Installed_programs_are_used_without_a_Docker_engine(string docker)
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("docker", docker);
        machine.ServicesAreReadyAfter(machine.EmulatorCall);

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal(["docker info"], machine.Calls.Where(call => call.StartsWith("docker", StringComparison.Ordinal)));
        Assert.Contains(
            $"Database  private PostgreSQL on 127.0.0.1:{machine.Clone.FreePortOf(5433)}", machine.Clone.Output, StringComparison.Ordinal);
        await machine.Clone.StopAsync(Signal.Interrupt);
        Assert.Empty(machine.Clone.Processes());
    }

    [Fact(Explicit = true)]
    public async Task PostgreSQL_runs_in_Docker_if_there_is_an_engine()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("docker");
        machine.RunPostgresAfter("docker compose up");
        machine.ServicesAreReadyAfter(machine.EmulatorCall);

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);
        await machine.Clone.StopAsync(Signal.Interrupt);

        Assert.Equal(
            [
                "docker info",
                "docker compose version",
                "docker compose up -d postgres",
                "docker compose stop -t 2 postgres",
            ],
            machine.Calls.Where(call => call.StartsWith("docker", StringComparison.Ordinal)));
        Assert.Equal(0, machine.Clone.ExitCode);
        Assert.Contains(
            $"Database  PostgreSQL in Docker on 127.0.0.1:{machine.Clone.FreePortOf(5433)}", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Missing_PostgreSQL_is_an_error_with_the_command_that_installs_it()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("apt-get");
        await machine.BecomeOrdinaryUserAsync();
        machine.HidePostgres();

        var (exitCode, error) = await machine.Clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal("error: PostgreSQL is not installed; install it with: sudo apt-get install postgresql", error);
        Assert.DoesNotContain(machine.Calls, call => call.StartsWith("apt-get", StringComparison.Ordinal));
    }

    [Fact(Explicit = true)]
    public async Task Missing_PostgreSQL_is_installed_for_root_without_its_own_cluster()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root installs packages.");
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.HidePostgres();
        const string setting = "/etc/postgresql-common/createcluster.d/dapr-orders.conf";
        var copy = Path.Combine(machine.Clone.Parent, "setting");
        machine.Install("apt-get", $"[[ $* != *install* ]] || {{ /bin/umount /usr/lib/postgresql; /bin/cp {setting} '{copy}'; }}");
        machine.ServicesAreReadyAfter(machine.EmulatorCall);

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal(
            ["apt-get update", "apt-get -o Dpkg::Use-Pty=0 install -y --no-install-recommends postgresql"],
            machine.Calls.Where(call => call.StartsWith("apt-get", StringComparison.Ordinal)));
        Assert.Equal(
            "create_main_cluster = false\n", await File.ReadAllTextAsync(copy, Cancel));
        Assert.False(File.Exists(setting));
        Assert.Contains("Database  private PostgreSQL", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Failed_installation_shows_the_output_of_apt_get()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root installs packages.");
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.HidePostgres();
        machine.Install("apt-get", "echo 'E: no such archive'; exit 100");

        var (exitCode, error) = await machine.Clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal(
            "error: E: no such archive\npostgresql could not be installed; try: apt-get update && apt-get install postgresql", error);
    }
}
