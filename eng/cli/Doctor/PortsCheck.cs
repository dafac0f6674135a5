using System.Diagnostics;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks that the ports of the apps and their sidecars are free.</summary>
internal static class PortsCheck
{
    private const string Name = "Ports";

    public static IReadOnlyList<Finding> Run(string root, RunFile runFile)
    {
        var ports = runFile.Apps.SelectMany(app => app.Ports).Distinct().ToList();
        if (RunLock.Holder(Path.Combine(root, ".dapr-orders")) is { } running)
        {
            // It has checked them when it started.
            return [new Finding(Severity.Ok, Name, $"the {ports.Count} ports belong to the system that runs in this clone (process {running})")];
        }

        var leftovers = Leftovers.Find(root);
        var findings = new List<Finding>();
        foreach (var port in ports.Where(FreePort.Listens))
        {
            findings.Add(Platform.Current.ListenerOn(port) is { } id && leftovers.Contains(id)
                ? new Finding(Severity.Note, Name, $"port {port} is used by what is left of a killed run (process {id}); it is ended with: ./run.sh")
                : new Finding(Severity.Failure, Name, $"port {port} is used by {DescribeHolder(port)}"));
        }

        return findings.Count > 0 ? findings : [new Finding(Severity.Ok, Name, $"the {ports.Count} ports of dapr.yaml are free")];
    }

    /// <summary>Describes the program behind a port, with the command that ends it, or else the one that finds it.</summary>
    public static string DescribeHolder(int port)
    {
        if (Platform.Current.ListenerOn(port) is { } id)
        {
            return $"{ProgramOf(id)} (process {id}); end it with: kill {id}";
        }

        var find = OperatingSystem.IsWindows() ? $"netstat -ano | findstr :{port}"
            : OperatingSystem.IsMacOS() ? $"sudo lsof -nP -iTCP:{port} -sTCP:LISTEN"
            : $"sudo ss -ltnp 'sport = :{port}'";
        return $"another program; find it with: {find}";
    }

    private static string ProgramOf(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.ProcessName;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return "a program that has just ended";
        }
    }
}
