using System.Text.RegularExpressions;
using DaprOrders.Eng.Tests.Scripts;

namespace DaprOrders.Eng.Tests.Environments;

/// <summary>Checks the output of ./run.sh on a terminal with 60 columns.</summary>
[Trait("Form", "scripts")]
public sealed partial class TerminalTests
{
    [Theory(Explicit = true)]
    [InlineData(null)]
    [InlineData("1")]
    public async Task Lines_of_a_run_are_not_wrapped(string? noColor)
    {
        await using var machine = await Machine.CreateAsync();
        var end = Path.Combine(machine.Clone.Parent, "end");
        machine.InstallDotnet(run: $"until [ -e '{end}' ]; do sleep 0.1; done");
        machine.ServicesAreReadyAfter(machine.EmulatorCall);
        UseTerminal(machine.Clone, "./run.sh", noColor);

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);
        await File.WriteAllTextAsync(end, "", TestContext.Current.CancellationToken);
        await machine.UntilOutputAsync($"http://localhost:{machine.Clone.FreePortOf(8000)}/orders -H 'Content-Type: application/json' -d '{{\"item_id\":\"item-123\",\"quantity\":1}}'");

        var lines = Escape().Replace(machine.Clone.Output, "").Split('\n');
        Assert.Contains(lines, line => line.Contains($"private PostgreSQL on 127.0.0.1:{machine.Clone.FreePortOf(5433)}, data in /", StringComparison.Ordinal));
        Assert.Contains("Runtime   Dapr emulator, because dapr is not on PATH", lines);
        Assert.Contains("Broker    kafka, emulated, data in .dapr-orders/broker", lines);
        Assert.Equal(noColor is null, DotnetEscape().Replace(machine.Clone.Output, "").Contains('\e'));
    }

    [Fact(Explicit = true)]
    public async Task Lines_above_a_spinner_are_not_wrapped()
    {
        const string failure = "Assert.Equal() Failure: this line of a failed test is longer than a terminal of sixty columns is wide";
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet(run: $"echo '{failure}'; exit 1");
        UseTerminal(machine.Clone, "./test.sh emulator", null);

        Assert.False(await machine.Clone.StartAsync());

        Assert.Contains('\e', DotnetEscape().Replace(machine.Clone.Output, ""));
        Assert.Contains(failure, Escape().Replace(machine.Clone.Output, "").Split('\n'));
    }

    [Fact(Explicit = true)]
    public async Task Help_is_wrapped_between_words_and_respects_NO_COLOR()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        UseTerminal(machine.Clone, "./run.sh --help", "1");

        Assert.False(await machine.Clone.StartAsync());

        var output = DotnetEscape().Replace(machine.Clone.Output, "");
        Assert.DoesNotContain('\e', output);
        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 60, line));
        Assert.Contains("Ctrl-C stops", string.Join(' ', output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static void UseTerminal(CloneWithFreePorts clone, string command, string? noColor)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "The program script (package bsdutils), which creates a terminal, is not installed.");
        clone.Environment["NO_COLOR"] = noColor;
        clone.Environment["TERM"] = "xterm";
        clone.Environment["COLUMNS"] = null;
        clone.StartCommand = ["/usr/bin/script", "-qec", $"/bin/stty cols 60 && {command}", "/dev/null"];
    }

    /// <summary>Matches the escape codes that .NET writes to every terminal to enable the arrow keys.</summary>
    [GeneratedRegex(@"\e\[\?1h\e=")]
    private static partial Regex DotnetEscape();

    [GeneratedRegex(@"\e(\[[0-9;?]*[a-zA-Z]|[=>])")]
    private static partial Regex Escape();
}
