using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Cli;

/// <summary>Runs the command <c>up</c> in a fresh clone.</summary>
[Trait("Form", "scripts")]
public sealed class UpTests
{
    [Fact(Explicit = true)]
    public async Task System_starts_again_after_a_kill_and_leaves_no_process_at_its_end()
    {
        await using var clone = await CloneAsync();

        Assert.True(await clone.StartAsync(), clone.Output);
        Assert.Equal("confirmed", await clone.OrderAsync());

        var (exitCode, error) = await clone.TryRunAsync();
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: the system is already running; stop it with: kill ", error, StringComparison.Ordinal);

        await clone.StopAsync(Signal.Kill);
        Assert.True(await clone.StartAsync(), clone.Output);
        Assert.Equal("confirmed", await clone.OrderAsync());

        await clone.StopAsync(Signal.Terminate);
        Assert.Equal(0, clone.ExitCode);
        Assert.Empty(clone.Processes());
    }

    [Theory(Explicit = true)]
    [InlineData("--yes")]
    [InlineData("--nonsense")]
    [InlineData("nonsense")]
    public async Task Invalid_usage_exits_with_2(string argument)
    {
        await using var clone = await CloneAsync();

        var (exitCode, error) = await clone.TryRunAsync(argument);

        Assert.Equal(2, exitCode);
        Assert.Contains(argument, error, StringComparison.Ordinal);
    }

    private static async Task<CloneWithFreePorts> CloneAsync()
    {
        var clone = await CloneWithFreePorts.CreateAsync();
        await CloneWithFreePorts.RunAsync(clone.Folder, "dotnet", "build", "eng/cli", "-v", "q", "-nodeReuse:false", "-p:UseSharedCompilation=false");
        clone.HideDapr();
        clone.StartCommand = ["dotnet", Path.Combine(clone.Folder, "artifacts", "bin", "DaprOrders.Cli", "debug", "DaprOrders.Cli.dll"), "up"];
        return clone;
    }
}
