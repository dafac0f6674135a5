using DaprOrders.Stack;

namespace DaprOrders.Cli.Doctor;

/// <summary>Runs all checks in order. They start nothing and change nothing.</summary>
internal static class Checks
{
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        LocalEnvironment.Clean();
        var root = Repository.Root;
        var dapr = DaprPrograms.Find();
        var failures = 0;
        Report(await SdkCheck.RunAsync(root, cancellationToken));
        Report([DaprCheck.Run(dapr)]);
        try
        {
            var runFile = RunFile.Read(Path.Combine(root, "dapr.yaml"));
            Report(RunFileCheck.Run(root, runFile));
            Report(ComponentsCheck.Run(root, runFile));
            Report(PortsCheck.Run(root, runFile));
            Report(await TokensCheck.RunAsync(runFile, cancellationToken));
            Report(await PostgresCheck.RunAsync(root, runFile, cancellationToken));
            Report(await BrokerCheck.RunAsync(root, runFile, dapr, cancellationToken));
        }
        catch (StackException e)
        {
            // The other checks need the run file.
            Report([Finding.Broken(RunFileCheck.Name, e.Message, "dapr.yaml")]);
        }

        Output.Line(failures is 0 ? "The system can start." : $"Problems to fix before the system can start: {failures}.");
        return failures is 0 ? ExitCodes.Ok : ExitCodes.Failed;

        void Report(IReadOnlyList<Finding> findings)
        {
            foreach (var finding in findings)
            {
                Output.Finding(finding);
                failures += finding.Severity is Severity.Failure ? 1 : 0;
            }
        }
    }
}
