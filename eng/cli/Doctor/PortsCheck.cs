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
            // The run checked the ports when it started.
            return [new Finding(Severity.Ok, Name, $"the {ports.Count} ports belong to the system that runs in this clone (process {running})")];
        }

        var leftovers = Leftovers.Find(root);
        var findings = new List<Finding>();
        foreach (var port in ports.Where(FreePort.Listens))
        {
            findings.Add(Platform.Current.ListenerOn(port) is { } id && leftovers.Contains(id)
                ? new Finding(Severity.Note, Name, $"port {port} is used by process {id} of a run that was killed; end it with: ./run.sh")
                : new Finding(Severity.Failure, Name, $"port {port} is used by {FreePort.DescribeListener(port)}"));
        }

        return findings.Count > 0 ? findings : [new Finding(Severity.Ok, Name, $"the {ports.Count} ports of dapr.yaml are free")];
    }
}
