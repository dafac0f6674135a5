using System.Diagnostics;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>The emulator, with the broker that is built into it.</summary>
/// <param name="program">The command that starts it.</param>
/// <param name="runFile">The run file.</param>
/// <param name="data">Its data folder, which outlives a crash.</param>
/// <param name="id">The mark of its processes; null: one of its own.</param>
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

    public override Task KillSidecarAsync(AppInstance instance) => ControlAsync("kill", $"{instance}", "--sidecar");

    /// <summary>Kills the emulator: every sidecar and the broker. The apps keep running, as after a crash.</summary>
    public async Task KillAsync()
    {
        Platform.Current.Send(_process!.Id, Signal.Kill);
        await Platform.Current.UntilEndedAsync(_process.Id);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await EndAsync(_process);
        }
    }

    private async Task ControlAsync(params string[] words)
    {
        using var control = Process.Start(Command(words))!;
        try
        {
            await Wait.UntilAsync($"dapr-emulator {string.Join(' ', words)}", () => control.HasExited);
        }
        catch (TimeoutException e)
        {
            control.Kill();
            throw new InvalidOperationException($"{e.Message}\n{Output}", e);
        }

        if (control.ExitCode != 0)
        {
            var error = await control.StandardError.ReadToEndAsync();
            throw new InvalidOperationException($"dapr-emulator {string.Join(' ', words)}: {error}\n{Output}");
        }
    }

    private ProcessStartInfo Command(params string[] words) =>
        new(program[0], [.. program.Skip(1), .. words, "-f", runFile, "--data", data]) { RedirectStandardError = true };
}
