using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Supervision;

/// <summary>run_file.json, with shell scripts as apps.</summary>
public sealed class RunTests : IAsyncDisposable
{
    private const int Interrupt = 2;
    private const int Terminate = 15;
    private readonly TestRun _run = new();

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    [Fact]
    public async Task An_app_gets_the_environment_of_Dapr_and_runs_in_its_folder()
    {
        var port = FreePort.Take();
        _run.WriteRunFile(("a", $"appPort: {port}, env: {{MY_A: x, DAPR_METRICS_PORT: \"9\"}},", "pwd; env; echo end; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("== APP - a == end");

        var lines = _run.Lines.Where(line => line.StartsWith("== APP - a == ")).Select(line => line["== APP - a == ".Length..]).ToList();
        foreach (var expected in (string[])
            [_run.InFolder("app"), "APP_ID=a", $"APP_PORT={port}", "APP_CHANNEL_ADDRESS=", "APP_PROTOCOL=http", "MY_A=x", "DAPR_METRICS_PORT=9"])
        {
            Assert.Contains(expected, lines);
        }

        Assert.Contains(lines, line => line.StartsWith("DAPR_HTTP_PORT="));
        Assert.Contains(lines, line => line.StartsWith("DAPR_GRPC_PORT="));
        Assert.DoesNotContain(lines, line => line.StartsWith("DAPR_HTTP_ENDPOINT") || line.StartsWith("ASPNETCORE_URLS"));
    }

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(Terminate)]
    [InlineData(1)]
    public async Task A_signal_ends_everything_with_status_0(int signal)
    {
        _run.WriteRunFile(
            ("a", "", "trap \"echo got SIGTERM; exit 0\" TERM; sleep 1000 & echo child $!; wait"),
            ("b", "", "echo other $$; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("child");
        await _run.WaitForLineAsync("other");

        _run.Signal(signal);

        Assert.Equal(0, await _run.WaitForExitAsync());
        Assert.Contains("== APP - a == got SIGTERM", _run.Lines);
        Assert.All(_run.Lines.Where(line => line.Contains("child") || line.Contains("other")), line =>
            Assert.False(TestRun.IsAlive(int.Parse(line.Split(' ')[^1]))));
    }

    [Fact]
    public async Task An_app_that_crashes_is_told_and_the_others_go_on()
    {
        _run.WriteRunFile(("a", "", "exit 3"), ("b", "", "echo other $$; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("app 'a': The App process exited with error code: exit status 3");
        await _run.WaitForLineAsync("other");

        Assert.True(TestRun.IsAlive(int.Parse(_run.Lines.Single(line => line.Contains("other")).Split(' ')[^1])));
        _run.Signal(Interrupt);
        Assert.Equal(0, await _run.WaitForExitAsync());
    }

    [Fact]
    public async Task What_a_crashed_app_has_left_behind_is_ended_as_well()
    {
        _run.WriteRunFile(("a", "", "sleep 1000 & echo child $!; exit 3"));
        _run.Start();
        await _run.WaitForLineAsync("child");
        await _run.WaitForLineAsync("exit status 3");

        _run.Signal(Terminate);

        Assert.Equal(0, await _run.WaitForExitAsync());
        Assert.False(TestRun.IsAlive(int.Parse(_run.Lines.Single(line => line.Contains("child")).Split(' ')[^1])));
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_told()
    {
        File.WriteAllText(_run.InFolder("dapr.yaml"), "version: 1\napps: [{appID: a, appDirPath: ./app, command: [no-such-command]}]\n");
        _run.Start();

        await _run.WaitForLineAsync("The App process exited with error code: exit status 127");
    }

    [Fact]
    public async Task A_taken_port_is_named_and_everything_is_stopped()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        _run.WriteRunFile(("first", "", "echo child $$; exec sleep 1000"), ("second", $"daprHTTPPort: {port},", "exec sleep 1000"));
        _run.Start();

        Assert.Equal(1, await _run.WaitForExitAsync());

        Assert.Contains(_run.Lines, line => line.StartsWith($"❌  app 'second': daprHTTPPort {port} is not available"));
        Assert.All(_run.Lines.Where(line => line.Contains("child")), line => Assert.False(TestRun.IsAlive(int.Parse(line.Split(' ')[^1]))));
    }

    /// <summary>As the Dapr CLI does: what listens there may be a proxy before the app.</summary>
    [Fact]
    public async Task An_app_whose_port_is_taken_is_started_all_the_same_with_a_warning()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        _run.WriteRunFile(("a", $"appPort: {port},", "echo child $$; exec sleep 1000"));
        _run.Start();

        await _run.WaitForLineAsync("child");

        Assert.Contains(_run.Lines, line => line.StartsWith($"⚠  app 'a': something listens on its appPort {port} already"));
    }

    [Fact]
    public async Task A_run_file_that_is_missing_is_one_line_and_status_1()
    {
        _run.Start();

        Assert.Equal(1, await _run.WaitForExitAsync());
        Assert.EndsWith("dapr.yaml: no such file or directory", Assert.Single(_run.Lines));
    }

    [Fact]
    public async Task Output_goes_to_a_log_file_as_well_and_loses_its_colours_there()
    {
        _run.WriteRunFile(("a", "", "printf \"\\033[31mred\\033[0m\\n\"; echo end; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("end");

        var log = Assert.Single(Directory.GetFiles(_run.InFolder("app", ".dapr", "logs"), "a_app_*.log"));
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.StartsWith("red\nend", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Single(Directory.GetFiles(_run.InFolder("app", ".dapr", "logs"), "a_daprd_*.log"));
    }

    [Fact]
    public async Task An_app_that_ignores_SIGTERM_is_killed()
    {
        var group = DaprEmulator.Supervision.ProcessGroup.Start(
            ["sh", "-c", "trap \"\" TERM; echo ready; while true; do sleep 1000; done"], _run.Folder, new Dictionary<string, string>());
        Assert.Equal("ready", await group.Output.ReadLineAsync(TestContext.Current.CancellationToken));

        await group.StopAsync(TimeSpan.FromMilliseconds(100));

        Assert.Equal(137, await group.WaitForExitAsync().WaitAsync(TestRun.Patience, TestContext.Current.CancellationToken));
    }

    /// <summary>It is in no group of its own yet when the operating system says that it has started.</summary>
    [Fact]
    public async Task An_app_that_is_told_to_end_in_the_moment_it_starts_ends()
    {
        const int Often = 20;
        for (var n = 0; n < Often; n++)
        {
            using var group = DaprEmulator.Supervision.ProcessGroup.Start(["sleep", "1000"], _run.Folder, new Dictionary<string, string>());

            await group.StopAsync(TestRun.Patience);

            Assert.Equal(128 + Terminate, await group.WaitForExitAsync().WaitAsync(TestRun.Patience, TestContext.Current.CancellationToken));
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
        Assert.False(TestRun.IsAlive(int.Parse(_run.Lines.Single(line => line.Contains("child")).Split(' ')[^1])));
        Assert.Equal(0, (await _run.ControlAsync("start", "a")).Status);
        await _run.WaitForLineAsync("child", count: 2);

        Assert.Equal(0, (await _run.ControlAsync("kill", "a", "--sidecar")).Status);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(address, TestContext.Current.CancellationToken));
        Assert.Contains("gone", (await _run.ControlAsync("list")).Text);
        Assert.Equal(0, (await _run.ControlAsync("start", "a")).Status);
        Assert.True((await client.GetAsync(address, TestContext.Current.CancellationToken)).IsSuccessStatusCode);

        var unknown = await _run.ControlAsync("kill", "b");
        Assert.Equal((1, "dapr-emulator: error: no app 'b' in this run, only a"), (unknown.Status, unknown.Text.Trim()));
        Assert.Equal(0, (await _run.ControlAsync("stop")).Status);
        Assert.Equal(0, await _run.WaitForExitAsync());
        Assert.Equal(1, (await _run.ControlAsync("list")).Status);
    }

    [Fact]
    public async Task An_app_can_be_started_in_the_very_moment_after_it_has_crashed()
    {
        // Who still holds its output open makes the crash known only half a second later.
        _run.WriteRunFile(("a", "", "setsid sleep 3 & echo child $$; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("child");
        var app = int.Parse(_run.Lines.Single(line => line.Contains("child")).Split(' ')[^1], CultureInfo.InvariantCulture);

        Process.GetProcessById(app).Kill();
        Assert.Equal(0, (await _run.ControlAsync("start", "a")).Status);

        await _run.WaitForLineAsync("child", count: 2);
    }

    [Fact]
    public async Task A_data_folder_belongs_to_one_run_at_a_time()
    {
        _run.WriteRunFile(("a", "", "echo up; exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("up");

        var (status, text) = await _run.ControlAsync("run");

        Assert.Equal(1, status);
        Assert.Contains("belongs to a run that is still going", text);
    }

    [Fact]
    public async Task What_a_run_that_was_killed_has_left_behind_is_ended_by_the_next_one()
    {
        // The shell ends, and its child alone is left of the group.
        _run.WriteRunFile(
            ("a", "", "echo child $$; exec sleep 1000"),
            ("b", "", "trap \"\" TERM; sleep 1000 & echo child $!; wait"));
        _run.Start();
        await _run.WaitForLineAsync("child", 2);
        var left = _run.Lines.Where(line => line.Contains("child")).Select(line => int.Parse(line.Split(' ')[^1])).ToList();
        await _run.KillAsync();
        Assert.All(left, process => Assert.True(TestRun.IsAlive(process)));
        _run.ForgetLines();

        _run.Start();

        await _run.WaitForLineAsync("child", 2);
        Assert.All(left, process => Assert.False(TestRun.IsAlive(process)));
        Assert.Equal(2, _run.Lines.Count(line => line.Contains("was left behind by a run that was killed")));
    }

    [Fact]
    public async Task A_process_that_only_has_the_id_of_a_leftover_is_not_touched()
    {
        using var other = System.Diagnostics.Process.Start("sleep", "1000");
        Directory.CreateDirectory(_run.InFolder(".run"));
        await File.WriteAllTextAsync(_run.InFolder(".run", "processes"), $"{other.Id} 1@another-boot a\n7", TestContext.Current.CancellationToken);
        _run.WriteRunFile(("a", "", "exec sleep 1000"));
        _run.Start();
        await _run.WaitForLineAsync("Started Dapr");

        Assert.False(other.HasExited);
        Assert.DoesNotContain(_run.Lines, line => line.Contains("left behind"));
        other.Kill();
    }

    [Fact]
    public async Task With_sidecars_only_no_app_is_started()
    {
        _run.WriteRunFile(("a", "", "echo started"));
        _run.Start("--sidecars-only");
        await _run.WaitForLineAsync("Writing log files");

        Assert.Contains("ready", (await _run.ControlAsync("list")).Text);
        _run.Signal(Terminate);
        Assert.Equal(0, await _run.WaitForExitAsync());
        Assert.DoesNotContain(_run.Lines, line => line.Contains("started") && line.StartsWith("== APP"));
    }

    [Fact]
    public async Task A_key_that_does_nothing_is_told_with_its_line_and_what_was_meant()
    {
        await File.WriteAllTextAsync(_run.InFolder("dapr.yaml"), "version: 1\napps:\n- appDirPath: ./app\n  appID: a\n  daprHttpPort: 1\n", TestContext.Current.CancellationToken);
        _run.Start();

        await _run.WaitForLineAsync("dapr.yaml:5: unknown key 'daprHttpPort' is ignored: did you mean 'daprHTTPPort'?");
    }
}
