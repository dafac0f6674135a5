using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DaprOrders.DaprEmulator.Supervision;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Supervision;

/// <summary>Tests the emulator program in cases that run_file.json does not contain. The apps are shell scripts.</summary>
public sealed class RunTests : IAsyncDisposable
{
    private readonly TestRun _run = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    [Fact]
    public async Task Run_file_environment_overrides_the_ports_that_Dapr_sets()
    {
        _run.WriteRunFile(("a", "daprGRPCPort: 50777, env: {MY_A: x, DAPR_METRICS_PORT: \"9\"},", "env; echo end; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("== APP - a == end");

        foreach (var expected in (string[])["MY_A=x", "DAPR_METRICS_PORT=9", "DAPR_GRPC_PORT=50777"])
        {
            Assert.Contains("== APP - a == " + expected, _run.Lines);
        }
    }

    [Theory]
    [InlineData(TestRun.Interrupt)]
    [InlineData(TestRun.Terminate)]
    [InlineData(TestRun.Hangup)]
    public async Task Stop_signal_ends_all_processes_with_exit_status_0(int signal)
    {
        _run.WriteRunFile(
            ("a", "", "trap \"echo got SIGTERM; exit 0\" TERM; sleep 1000 & echo child $!; wait"),
            ("b", "", "echo child $$; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("child", 2);

        Assert.Equal(0, await _run.EndAsync(signal));

        Assert.Contains("== APP - a == got SIGTERM", _run.Lines);
        Assert.All(_run.ProcessesAfter("child"), process => Assert.False(TestRun.IsAlive(process)));
    }

    [Fact]
    public async Task Child_processes_of_a_crashed_app_are_ended()
    {
        _run.WriteRunFile(("a", "", "sleep 1000 & echo child $!; exit 3"));
        _run.Start();
        await _run.WaitForLineAsync("child");
        await _run.WaitForLineAsync("exit status 3");

        Assert.Equal(0, await _run.EndAsync(TestRun.Terminate));

        Assert.False(TestRun.IsAlive(_run.ProcessesAfter("child").Single()));
    }

    [Fact]
    public async Task Port_in_use_is_reported_and_all_apps_are_stopped()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        _run.WriteRunFile(("first", "", "echo child $$; exec sleep 1000"), ("second", $"daprHTTPPort: {port},", "exec sleep 1000"));
        _run.Start();

        Assert.Equal(1, await _run.WaitForExitAsync());

        Assert.Contains(_run.Lines, line => line.StartsWith($"❌  app 'second': daprHTTPPort {port} is not available"));
        Assert.All(_run.ProcessesAfter("child"), process => Assert.False(TestRun.IsAlive(process)));
    }

    // The Dapr CLI does this too. The listener may be a proxy in front of the app.
    [Fact]
    public async Task App_whose_port_is_in_use_starts_with_a_warning()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        _run.WriteRunFile(("a", $"appPort: {port},", "echo child $$; exec sleep 1000"));
        _run.Start();

        await _run.WaitForLineAsync("child");

        Assert.Contains(_run.Lines, line => line.StartsWith($"⚠  app 'a': another process already listens on appPort {port}"));
    }

    [Fact]
    public async Task Log_files_have_no_colors()
    {
        _run.WriteRunFile(("a", "", "printf \"\\033[31mred\\033[0m\\n\"; echo end; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("end");

        var log = Assert.Single(Directory.GetFiles(_run.InFolder("app", ".dapr", "logs"), "a_app_*.log"));
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.StartsWith("red\nend", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task App_that_ignores_SIGTERM_is_killed()
    {
        using var group = ProcessGroup.Start(
            ["sh", "-c", "trap \"\" TERM; echo ready; while true; do sleep 1000; done"], _run.Folder, new Dictionary<string, string>());
        Assert.Equal("ready", await group.Output.ReadLineAsync(Cancel));

        await group.StopAsync(TimeSpan.FromMilliseconds(100));

        await AssertExitAsync(group, 128 + TestRun.Kill);
    }

    // A new process is not in its own group immediately, so a signal could get lost.
    [Fact]
    public async Task App_can_be_stopped_immediately_after_its_start()
    {
        for (var n = 0; n < 20; n++)
        {
            using var group = ProcessGroup.Start(["sleep", "1000"], _run.Folder, new Dictionary<string, string>());

            await group.StopAsync(Waiting.Limit);

            await AssertExitAsync(group, 128 + TestRun.Terminate);
        }
    }

    [Fact]
    public async Task Control_commands_kill_and_start_an_app_and_its_sidecar()
    {
        var http = FreePort.Take();
        _run.WriteRunFile(("a", $"daprHTTPPort: {http},", "echo child $$; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("child");
        var address = $"http://127.0.0.1:{http}/v1.0/healthz/outbound";
        using var client = new HttpClient();

        Assert.Equal(0, (await _run.ControlAsync("kill", "a")).Status);
        Assert.False(TestRun.IsAlive(_run.ProcessesAfter("child").Single()));
        Assert.Equal(0, (await _run.ControlAsync("start", "a")).Status);
        await _run.WaitForLineAsync("child", count: 2);

        Assert.Equal(0, (await _run.ControlAsync("kill", "a", "--sidecar")).Status);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(address, Cancel));
        Assert.Contains("not running", (await _run.ControlAsync("list")).Text);
        Assert.Equal(0, (await _run.ControlAsync("start", "a")).Status);
        Assert.True((await client.GetAsync(address, Cancel)).IsSuccessStatusCode);

        var unknown = await _run.ControlAsync("kill", "b");
        Assert.Equal((1, "dapr-emulator: error: there is no app 'b' in this run; its apps are a"), (unknown.Status, unknown.Text.Trim()));
        Assert.Equal(0, (await _run.ControlAsync("stop")).Status);
        Assert.Equal(0, await _run.WaitForExitAsync());
        Assert.Equal(1, (await _run.ControlAsync("list")).Status);
    }

    [Theory]
    [InlineData("--watch", "run", "--watch")]
    [InlineData("--log-size", "run", "--log-size", "1")]
    [InlineData("kill", "kill")]
    [InlineData("reload", "reload")]
    public async Task Unknown_or_incomplete_command_prints_the_problem(string problem, params string[] arguments)
    {
        var (status, text) = await _run.ControlAsync(arguments);

        Assert.Equal(1, status);
        Assert.Contains(problem, text);
    }

    [Fact]
    public async Task Crashed_app_can_be_restarted_immediately()
    {
        // The emulator waits half a second for output if a child process of a crashed app keeps the output open.
        _run.WriteRunFile(("a", "", "setsid sleep 3 & echo child $$; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("child");

        Process.GetProcessById(_run.ProcessesAfter("child").Single()).Kill();
        Assert.Equal(0, (await _run.ControlAsync("start", "a")).Status);

        await _run.WaitForLineAsync("child", count: 2);
    }

    [Fact]
    public async Task Data_folder_cannot_be_used_by_two_runs()
    {
        _run.WriteRunFile(("a", "", "echo up; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("up");

        var (status, text) = await _run.ControlAsync("run");

        Assert.Equal(1, status);
        Assert.Contains("is used by another run", text);
    }

    [Fact]
    public async Task Next_run_kills_the_apps_of_a_killed_run()
    {
        // The shell of app b ends, so only its child process is left in the group.
        _run.WriteRunFile(
            ("a", "", "echo child $$; exec sleep 1000"),
            ("b", "", "trap \"\" TERM; sleep 1000 & echo child $!; wait"));
        _run.Start();
        await _run.WaitForLineAsync("child", 2);
        var left = _run.ProcessesAfter("child");
        await _run.EndAsync(TestRun.Kill);
        Assert.All(left, process => Assert.True(TestRun.IsAlive(process)));
        _run.ClearLines();

        _run.Start();

        await _run.WaitForLineAsync("child", 2);
        Assert.All(left, process => Assert.False(TestRun.IsAlive(process)));
        Assert.Equal(2, _run.Lines.Count(line => line.Contains("was still running from an earlier run")));
    }

    [Fact]
    public async Task Other_process_with_a_reused_id_is_not_killed()
    {
        using var other = Process.Start("sleep", "1000");
        Directory.CreateDirectory(_run.InFolder(".run"));
        await File.WriteAllTextAsync(_run.InFolder(".run", "processes"), $"{other.Id} 1@another-boot a\n7", Cancel);
        _run.WriteRunFile(("a", "", "exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("Started Dapr");

        Assert.False(other.HasExited);
        Assert.DoesNotContain(_run.Lines, line => line.Contains("from an earlier run"));
        other.Kill();
    }

    [Fact]
    public async Task Sidecars_only_starts_no_app()
    {
        _run.WriteRunFile(("a", "", "echo started"));
        _run.Start("--sidecars-only");
        await _run.WaitForLineAsync("Writing log files");

        Assert.Contains("ready", (await _run.ControlAsync("list")).Text);
        Assert.Equal(0, await _run.EndAsync(TestRun.Terminate));
        Assert.DoesNotContain(_run.Lines, line => line.Contains("started") && line.StartsWith("== APP"));
    }

    [Fact]
    public async Task Misspelled_key_is_reported_with_its_line_and_a_suggestion()
    {
        await File.WriteAllTextAsync(_run.InFolder("dapr.yaml"), "version: 1\napps:\n- appDirPath: ./app\n  appID: a\n  daprHttpPort: 1\n", Cancel);
        _run.Start();

        await _run.WaitForLineAsync("dapr.yaml:5: unknown key 'daprHttpPort' is ignored: did you mean 'daprHTTPPort'?");
    }

    private static async Task AssertExitAsync(ProcessGroup group, int status)
    {
        var exit = group.WaitForExitAsync();
        await Waiting.ForAsync(exit, () => "the process to exit");
        Assert.Equal(status, await exit);
    }
}
