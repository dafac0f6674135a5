using System.Globalization;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Where ./run.sh takes PostgreSQL from.</summary>
[Trait("Form", "scripts")]
public sealed class DatabaseChoiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData("echo 'Cannot connect to the Docker daemon' >&2; exit 1")]
    [InlineData(Machine.Hang)]
    [InlineData("trap '' TERM; sleep 600")] // hears no signal either
    public async Task Where_Docker_has_no_engine_the_programs_on_the_machine_are_used(string docker)
    {
        await using var machine = await Machine.CreateAsync();
        await machine.Clone.ReplaceAsync("run.sh", "timeout -k 1 3 docker", "timeout -k .2 .3 docker");
        machine.InstallDotnet();
        machine.Install("docker", docker);
        machine.InstallRealPostgres();
        machine.ServicesAreReadyOnce("dotnet eng");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal(["docker info"], machine.Calls.Where(call => call.StartsWith("docker", StringComparison.Ordinal)));
        Assert.Contains(
            $"Database  private PostgreSQL on 127.0.0.1:{machine.Clone.FreePortOf(5433)}", machine.Clone.Output, StringComparison.Ordinal);
        await machine.Clone.StopAsync(Signal.Interrupt);
        Assert.Empty(machine.Clone.Processes());
    }

    [Fact(Explicit = true)]
    public async Task A_Docker_engine_that_does_not_answer_is_given_3_seconds()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("docker", $$"""
            end() { echo "$SECONDS" >>'{{machine.CallsFile}}'; kill $!; exit; }
            trap end TERM
            sleep infinity &
            wait
            """);
        await machine.BecomeOrdinaryUserAsync();

        await machine.Clone.TryRunAsync();

        // 3, by a clock of whole seconds, on a busy machine.
        Assert.True(int.Parse(machine.Calls[^1], CultureInfo.InvariantCulture) >= 2); // it was given its 3 s, and ended
    }

    [Fact(Explicit = true)]
    public async Task Where_a_Docker_engine_is_PostgreSQL_is_started_and_stopped_in_it()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("docker", "[[ $* != *psql* ]] || /bin/cat >.run/sql");
        machine.ListenOnce("docker compose up", 5433, "N");
        machine.ServicesAreReadyOnce("dotnet eng");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);
        await machine.Clone.StopAsync(Signal.Interrupt);

        Assert.Equal(
            [
                "docker info",
                "docker compose version",
                "docker compose up -d postgres",
                "docker compose exec -T postgres psql -X -q -U postgres -d postgres -v ON_ERROR_STOP=1", // there is no psql here
                "docker compose stop -t 2 postgres",
            ],
            machine.Calls.Where(call => call.StartsWith("docker", StringComparison.Ordinal)));
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(machine.Clone.Folder, "postgres", "init.sql"), Cancel),
            await File.ReadAllTextAsync(Path.Combine(machine.Clone.Folder, ".run", "sql"), Cancel));
        Assert.Equal(0, machine.Clone.ExitCode);
        Assert.Contains(
            $"Database  PostgreSQL in Docker on 127.0.0.1:{machine.Clone.FreePortOf(5433)}", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Where_PostgreSQL_is_nowhere_an_ordinary_user_is_told_the_command_that_installs_it()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("apt-get");
        await machine.BecomeOrdinaryUserAsync();

        var (exitCode, error) = await machine.Clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal("run.sh: PostgreSQL is not installed; install it with: sudo apt-get install postgresql", error);
        Assert.Equal(["dotnet --list-sdks"], machine.Calls);
    }

    [Fact(Explicit = true)]
    public async Task Where_PostgreSQL_is_nowhere_root_gets_it_installed_without_a_cluster_of_the_package()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root installs packages.");
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        var setting = Path.Combine(machine.Clone.Parent, "etc", "createcluster.d", "dapr-orders.conf");
        machine.Install("apt-get", $"[[ $* != *install* ]] || {{ {machine.InstallingRealPostgres()}; /bin/cp '{setting}' .run/setting; }}");
        machine.ServicesAreReadyOnce("dotnet eng");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal(
            ["apt-get update", "apt-get -o Dpkg::Use-Pty=0 install -y --no-install-recommends postgresql"],
            machine.Calls.Where(call => call.StartsWith("apt-get", StringComparison.Ordinal)));
        Assert.Equal(
            "create_main_cluster = false\n", await File.ReadAllTextAsync(Path.Combine(machine.Clone.Folder, ".run", "setting"), Cancel));
        Assert.False(File.Exists(setting));
        Assert.Contains("Database  private PostgreSQL", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task A_package_that_cannot_be_installed_is_shown_with_what_apt_get_said()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root installs packages.");
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Install("apt-get", "echo 'E: no such archive'; exit 100");

        var (exitCode, error) = await machine.Clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal(
            "E: no such archive\nrun.sh: PostgreSQL could not be installed; try: apt-get update && apt-get install postgresql", error);
    }
}
