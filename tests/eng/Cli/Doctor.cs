using DaprOrders.Eng.Tests.Scripts;

namespace DaprOrders.Eng.Tests.Cli;

/// <summary>Runs the command <c>doctor</c> in the clone of a machine.</summary>
internal static class Doctor
{
    /// <summary>Creates a machine with the .NET SDK and nothing else.</summary>
    public static async Task<Machine> MachineAsync()
    {
        var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        return machine;
    }

    public static string[] Command(string folder) =>
        ["dotnet", Path.Combine(folder, "artifacts", "bin", "DaprOrders.Cli", "debug", "DaprOrders.Cli.dll"), "doctor"];

    public static async Task<(int ExitCode, IReadOnlyList<string> Lines)> RunAsync(Machine machine)
    {
        var (exitCode, output) = await machine.Clone.RunToEndAsync(Command(machine.Clone.Folder));
        return (exitCode, output.TrimEnd('\n').Split('\n'));
    }

    /// <summary>Requires exactly one failure, which starts with this text, and returns its line.</summary>
    public static async Task<string> FailsAsync(Machine machine, string expected)
    {
        var (exitCode, lines) = await RunAsync(machine);
        var failure = Assert.Single(lines, line => line.StartsWith("FAIL", StringComparison.Ordinal));
        Assert.StartsWith($"FAIL {expected}", failure, StringComparison.Ordinal);
        Assert.Equal("Problems to fix before the system can start: 1.", lines[^1]);
        Assert.Equal(1, exitCode);
        return failure;
    }

    /// <summary>Requires this line and no failure.</summary>
    public static async Task SucceedsAsync(Machine machine, string expected)
    {
        var (exitCode, lines) = await RunAsync(machine);
        Assert.Contains(expected, lines);
        Assert.Equal("The system can start.", lines[^1]);
        Assert.Equal(0, exitCode);
    }
}
