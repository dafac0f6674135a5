using System.Diagnostics;
using System.Runtime.InteropServices;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Supervision;

/// <summary>The program itself, run in a temporary folder.</summary>
internal sealed partial class TestRun : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "dapr-emulator");
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    public TestRun()
    {
        Directory.CreateDirectory(InFolder("app"));
        Directory.CreateDirectory(InFolder("resources"));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("dapr-emulator-run-").FullName;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    public string InFolder(params string[] parts) => Path.Combine([Folder, .. parts]);

    /// <summary>Writes the run file: each app is a shell script.</summary>
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

    /// <summary>Runs a control command and gives its exit status and all that it wrote.</summary>
    public async Task<(int Status, string Text)> ControlAsync(params string[] arguments)
    {
        using var process = Process.Start(Info(arguments))!;
        using var limit = Waiting.Limit(Patience);
        var text = await process.StandardOutput.ReadToEndAsync(limit.Token) + await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, text);
    }

    public async Task WaitForLineAsync(string text, int count = 1)
    {
        using var limit = Waiting.Limit(Patience);
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_lines.Count(line => line.Contains(text)) >= count)
                {
                    return;
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"no line with '{text}' in:\n{string.Join('\n', Lines)}");
            }
        }
    }

    public void Signal(int signal) => Assert.Equal(0, SendSignal(_process!.Id, signal));

    public async Task<int> WaitForExitAsync()
    {
        await _process!.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        return _process.ExitCode;
    }

    public static bool IsAlive(int process) => SendSignal(process, 0) == 0 && !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ");

    /// <summary>Ends it as nobody can prevent, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Signal(9);
        await WaitForExitAsync();
    }

    /// <summary>Forgets what was written until now.</summary>
    public void ForgetLines()
    {
        lock (_gate)
        {
            _lines.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            Signal(15);
            await WaitForExitAsync();
        }

        _process?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private ProcessStartInfo Info(params string[] arguments)
    {
        // Where the tests are run with nohup, the signal that it ignores would be ignored here too.
        var info = new ProcessStartInfo("env", ["--default-signal=HUP", Program, .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return info;
    }

    private void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _lines.Add(line);
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
