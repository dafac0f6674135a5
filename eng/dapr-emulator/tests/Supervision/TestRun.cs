using System.Diagnostics;
using System.Runtime.InteropServices;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Supervision;

/// <summary>Runs the emulator program in a temporary folder.</summary>
internal sealed partial class TestRun : IAsyncDisposable
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "dapr-emulator");
    private readonly WaitableList<string> _lines = new();
    private Process? _process;

    public TestRun()
    {
        Directory.CreateDirectory(InFolder("app"));
        Directory.CreateDirectory(InFolder("resources"));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("dapr-emulator-run-").FullName;

    public IReadOnlyList<string> Lines => _lines.Items;

    public string InFolder(params string[] parts) => Path.Combine([Folder, .. parts]);

    /// <summary>Writes a run file with shell scripts as apps.</summary>
    public void WriteRunFile(params (string AppId, string Settings, string Script)[] apps) => File.WriteAllText(
        InFolder("dapr.yaml"),
        "version: 1\ncommon:\n  resourcesPaths: [./resources]\napps:\n" + string.Concat(apps.Select(app =>
            $"- {{appID: {app.AppId}, appDirPath: ./app, {app.Settings} command: [sh, -c, '{app.Script}']}}\n")));

    public void Start(params string[] options)
    {
        _process?.Dispose();
        _process = Process.Start(Info(["run", .. options]))!;
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Runs a command, waits for it to exit, and returns its exit status and output.</summary>
    public async Task<(int Status, string Text)> ControlAsync(params string[] arguments)
    {
        using var process = Process.Start(Info(arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await Waiting.ForAsync(Task.WhenAll(output, error, process.WaitForExitAsync()), () => $"the command {string.Join(' ', arguments)}");
        return (process.ExitCode, await output + await error);
    }

    public Task WaitForLineAsync(string text, int count = 1) => _lines.WaitForAsync(count, line => line.Contains(text), $"lines with '{text}'");

    /// <summary>Returns the process ids that the apps printed after this word.</summary>
    public IReadOnlyList<int> ProcessesAfter(string word) => [.. Lines.Where(line => line.Contains(word)).Select(line => int.Parse(line.Split(' ')[^1]))];

    public void Signal(int signal) => Assert.Equal(0, SendSignal(_process!.Id, signal));

    public async Task<int> WaitForExitAsync()
    {
        await Waiting.ForAsync(_process!.WaitForExitAsync(), () => $"the program to exit:\n{string.Join('\n', Lines)}");
        return _process.ExitCode;
    }

    /// <summary>Sends a signal and returns the exit status.</summary>
    public Task<int> EndAsync(int signal)
    {
        Signal(signal);
        return WaitForExitAsync();
    }

    public static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ");
        }
        catch (IOException)
        {
            return false; // the process has ended
        }
    }

    public void ClearLines() => _lines.Clear();

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await EndAsync(Terminate);
        }

        _process?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    // If the tests run under nohup, SIGHUP is ignored. The program would inherit that.
    private ProcessStartInfo Info(params string[] arguments) => new("env", ["--default-signal=HUP", Program, .. arguments])
    {
        WorkingDirectory = Folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    private void Add(string? line)
    {
        if (line is not null)
        {
            _lines.Add(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
