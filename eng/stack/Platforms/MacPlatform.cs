using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;

namespace DaprOrders.Stack.Platforms;

/// <summary>Asks <c>ps</c> and <c>lsof</c>. Arguments and variables with spaces come back in pieces, as ps prints them side by side.</summary>
[SupportedOSPlatform("macos")]
internal sealed class MacPlatform : UnixPlatform
{
    public override bool IsRunning(int processId) => Ask("ps", "-o", "stat=", "-p", $"{processId}").Trim() is { Length: > 0 } state && state[0] != 'Z';

    public override IReadOnlyList<int> FindByEnvironment(params (string Name, string Value)[] variables) =>
    [
        .. Ask("ps", "-E", "-ww", "-x", "-o", "pid=,command=").Split('\n')
            .Where(line => variables.All(variable => $"{line} ".Contains($" {variable.Name}={variable.Value} ", StringComparison.Ordinal)))
            .Select(line => int.Parse(line.TrimStart().Split(' ')[0], CultureInfo.InvariantCulture)),
    ];

    public override IReadOnlyList<string> CommandLine(int processId) =>
        Ask("ps", "-ww", "-o", "command=", "-p", $"{processId}").Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public override int? ListenerOn(int port) =>
        int.TryParse(Ask("lsof", "-nP", "-t", $"-iTCP:{port}", "-sTCP:LISTEN").Split('\n')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>Cannot be told exactly by ps, so nothing is started again here.</summary>
    public override ProcessStartInfo? HowStarted(int processId) => null;

    private static string Ask(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
