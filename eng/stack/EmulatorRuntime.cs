using System.Diagnostics;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>Runs the emulator with its built-in broker.</summary>
/// <param name="program">The command that starts the emulator.</param>
/// <param name="runFile">The path of the run file.</param>
/// <param name="data">The data folder. The broker finds its events there after a crash.</param>
/// <param name="id">The id that marks its processes; null for a new one.</param>
public sealed class EmulatorRuntime(IReadOnlyList<string> program, string runFile, string data, string? id = null) : StackRuntime(id)
{
    private Process? _process;

    public override int? ExitCode => _process is { HasExited: true } ? _process.ExitCode : null;

    public override bool HasEnded => _process is null or { HasExited: true };

    public override IReadOnlyList<int> SidecarProcesses => [_process!.Id];

    public override Task StartAsync()
    {
        _process = Start(Command("run"));
        return Task.CompletedTask;
    }

    public override Task StartAsync(AppInstance instance) => ControlAsync("start", $"{instance}");

    public override Task StopAsync(AppInstance instance) => ControlAsync("stop", $"{instance}");

    public override Task KillSidecarAsync(AppInstance instance) => ControlAsync("kill", $"{instance}", "--sidecar");

    /// <summary>Kills the emulator, which ends all sidecars and the broker. The apps keep running.</summary>
    public async Task KillAsync()
    {
        Platform.Current.Send(_process!.Id, Signal.Kill);
        await Platform.Current.UntilEndedAsync(_process.Id);
    }

    /// <summary>Makes the broker unreachable for the sidecars of one app, or for all if <paramref name="appId"/> is null.</summary>
    public Task SuspendBrokerAsync(string? appId) => ControlAsync(["broker", "suspend", .. appId is null ? [] : new[] { appId }]);

    /// <summary>Makes the broker reachable again.</summary>
    public Task ResumeBrokerAsync(string? appId) => ControlAsync(["broker", "resume", .. appId is null ? [] : new[] { appId }]);

    public override async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await EndAsync(_process);
        }
    }

    private async Task ControlAsync(params string[] arguments)
    {
        using var control = Process.Start(Command(arguments))!;
        try
        {
            await Wait.UntilAsync($"dapr-emulator {string.Join(' ', arguments)}", () => control.HasExited);
        }
        catch (TimeoutException e)
        {
            control.Kill();
            throw new InvalidOperationException($"{e.Message}\n{Output}", e);
        }

        if (control.ExitCode != 0)
        {
            var error = await control.StandardError.ReadToEndAsync();
            throw new InvalidOperationException($"dapr-emulator {string.Join(' ', arguments)}: {error}\n{Output}");
        }
    }

    private ProcessStartInfo Command(params string[] arguments) =>
        new(program[0], [.. program.Skip(1), .. arguments, "-f", runFile, "--data", data]) { RedirectStandardError = true };
}
