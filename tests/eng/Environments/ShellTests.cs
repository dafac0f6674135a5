using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Environments;

/// <summary>Runs ./run.sh in different shells and from different folders.</summary>
[Trait("Form", "scripts")]
public sealed class ShellTests
{
    [Theory(Explicit = true)]
    [InlineData("dash")]
    [InlineData("bash")]
    [InlineData("bash", "--posix")]
    public async Task Any_POSIX_shell_runs_the_script(params string[] shell)
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.RunPostgresAsync();
        machine.ServicesAreReadyAfter(machine.EmulatorCall);
        var settings = Path.Combine(machine.Clone.Parent, "settings");
        await File.WriteAllTextAsync(settings, "enable -n mapfile readarray\n", TestContext.Current.CancellationToken); // bash 3.2 on macOS does not have these commands
        machine.Clone.Environment["BASH_ENV"] = settings;
        machine.Clone.Environment["ENV"] = null;
        machine.Clone.StartCommand = [$"/bin/{shell[0]}", .. shell[1..], "./run.sh"];

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);
        await machine.Clone.StopAsync(Signal.Interrupt);

        Assert.Equal(0, machine.Clone.ExitCode);
        Assert.DoesNotContain("not found", machine.Clone.Output, StringComparison.Ordinal);
        Assert.Empty(machine.Clone.Processes());
    }

    [Fact(Explicit = true)]
    public async Task Script_finds_its_folder_if_CDPATH_is_set()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.Clone.Environment["CDPATH"] = machine.Clone.Parent;
        machine.Clone.Prefix = ["/bin/sh", "-c", "cd .. && exec \"$@\"", "sh"];
        machine.Clone.StartCommand = ["my clone/run.sh"];

        var (exitCode, error) = await machine.Clone.TryRunAsync("--help");

        Assert.Equal(0, exitCode);
        Assert.Empty(error);
    }
}
