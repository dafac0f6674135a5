using DaprOrders.DevSidecar.Control;
using DaprOrders.DevSidecar.RunFile;
using DaprOrders.DevSidecar.Supervision;

namespace DaprOrders.DevSidecar;

/// <summary>Runs the apps of a run file until a signal ends it.</summary>
internal static class RunCommand
{
    /// <returns>The exit status: 0 after a signal, also when apps have crashed.</returns>
    public static async Task<int> RunAsync(CommandLine command)
    {
        using var signals = new StopSignals();
        var output = OutputWriter.ForConsole();
        try
        {
            var apps = RunFileReader.Read(command.RunFile);
            using var data = DataFolder.Open(command.DataFolder);
            await using var supervisor = new Supervisor(apps, data.Path, output, TimeProvider.System);
            await using var control = new ControlServer(data, supervisor, signals.Stop);
            await supervisor.StartAsync(signals.Token);
            await Task.Delay(Timeout.Infinite, signals.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            output.Line("termination signal received: shutting down");
            return 0;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0;
        }
        catch (RunFileException failure)
        {
            await Console.Error.WriteLineAsync($"dev-sidecar: {failure.Message}");
            return 1;
        }
    }
}
