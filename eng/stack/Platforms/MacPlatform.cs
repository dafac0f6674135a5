using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;

namespace DaprOrders.Stack.Platforms;

/// <summary>Reads processes from <c>ps</c> and <c>lsof</c>. Arguments and variables with spaces are split, because ps does not quote them.</summary>
[SupportedOSPlatform("macos")]
internal sealed class MacPlatform : UnixPlatform
{
    public override bool IsRunning(int processId) => Run("ps", "-o", "stat=", "-p", $"{processId}").Trim() is { Length: > 0 } state && state[0] != 'Z';

    public override IReadOnlyList<int> FindByEnvironment(params (string Name, string Value)[] variables) =>
    [
        .. Run("ps", "-E", "-ww", "-x", "-o", "pid=,command=").Split('\n')
            .Where(line => variables.All(variable => $"{line} ".Contains($" {variable.Name}={variable.Value} ", StringComparison.Ordinal)))
            .Select(line => int.Parse(line.TrimStart().Split(' ')[0], CultureInfo.InvariantCulture)),
    ];

    public override IReadOnlyList<string> CommandLine(int processId) =>
        Run("ps", "-ww", "-o", "command=", "-p", $"{processId}").Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public override int? ListenerOn(int port) =>
        int.TryParse(Run("lsof", "-nP", "-t", $"-iTCP:{port}", "-sTCP:LISTEN").Split('\n')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>Returns null, because ps does not print the exact arguments. So no process is restarted on macOS.</summary>
    public override ProcessStartInfo? HowStarted(int processId) => null;

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
