using DaprOrders.DaprEmulator.Control;
using DaprOrders.DaprEmulator.RunFile;
using DaprOrders.DaprEmulator.Supervision;

namespace DaprOrders.DaprEmulator;

/// <summary>Runs the apps of a run file until a signal or a control command ends the run.</summary>
internal static class RunCommand
{
    /// <returns>The exit status: 0 after a signal, even if apps have crashed, or 1 if the run could not start.</returns>
    public static async Task<int> RunAsync(string runFile, string dataFolder, bool sidecarsOnly)
    {
        using var signals = new StopSignals();
        var output = OutputWriter.ForConsole();
        try
        {
            var warnings = new List<string>();
            var apps = RunFileReader.Read(runFile, warnings);
            warnings.ForEach(output.Warn);
            using var data = DataFolder.Open(dataFolder);
            var processes = new ProcessFile(Path.Combine(data.Path, "processes"));
            processes.KillLeftovers(output.Warn);
            await using var supervisor = new Supervisor(apps, data.Path, output, TimeProvider.System, processes, sidecarsOnly);
            await using var control = new ControlServer(data, supervisor, signals.Stop);
            await supervisor.StartAsync(signals.Token);
            await Task.Delay(Timeout.Infinite, signals.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            output.WriteLine("");
            output.Info("Received signal to stop Dapr and app processes. Shutting down Dapr and app processes.");
            output.WriteLine("");
            output.WriteLine("termination signal received: shutting down");
            return 0;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0;
        }
        catch (RunFileException failure)
        {
            await Console.Error.WriteLineAsync($"❌  {failure.Message}");
            return 1;
        }
    }
}
