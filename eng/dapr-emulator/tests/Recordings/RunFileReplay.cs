using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Supervision;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>run_file.json, played with the program itself and shell scripts as apps; its ports are free ones that stand for the recorded ones.</summary>
internal sealed class RunFilePlayer : Player
{
    private const int Interrupt = 2;
    private const int Terminate = 15;
    private const string AppA =
        "echo \"cwd $(pwd)\"; env; trap \"echo got SIGTERM; echo bye; exit 0\" TERM; echo hello from a; echo err line >&2; sleep 1000 & wait";

    private readonly TestRun _run = new();
    private readonly Dictionary<string, string> _ports = [];

    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        switch (name)
        {
            case "environment_of_app_a":
                await RunAsync();
                foreach (var (variable, value) in recorded.AsObject())
                {
                    Assert.Contains($"== APP - a == {variable}={value!.GetValue<string>()}", Lines());
                }

                break;
            case "working_directory_of_app_and_sidecar":
                Assert.Equal("appDirPath", recorded.GetValue<string>());
                await RunAsync();
                Assert.Contains($"== APP - a == cwd {_run.InFolder("a")}", Lines());
                break;
            case "console_while_running":
                await RunAsync();
                AssertLines(recorded.AsArray(), Lines());
                break;
            case "console_when_stopped":
                await RunAsync();
                await StopAsync(Interrupt);
                AssertLines(recorded.AsArray(), [.. Lines().SkipWhile(line => line.Length > 0)]);
                break;
            case "log_files":
                await RunAsync();
                await StopAsync(Interrupt);
                var files = Directory.GetFiles(_run.InFolder("a", ".dapr", "logs")).Order(StringComparer.Ordinal)
                    .Select(file => System.Text.RegularExpressions.Regex.Replace(file.Replace(_run.InFolder("a"), "<appDirPath>"), @"\d{14}", "<yyyyMMddHHmmss>"));
                Assert.Equal(recorded.AsArray().Select(file => file!.GetValue<string>()), files);
                break;
            case "exit_status":
                foreach (var (how, status) in recorded.AsObject())
                {
                    Assert.Equal(status!.GetValue<int>(), await ExitStatusAsync(how));
                }

                break;
            case "messages":
                foreach (var (what, text) in recorded.AsObject())
                {
                    await AssertMessageAsync(what, text!.GetValue<string>());
                }

                break;
            case "the_same_appID_twice":
                Says(recorded, "both start, each with its own ports, both appear in `dapr list`, and invocation");
                _run.WriteRunFile(("a", "", "exec sleep 1000"), ("a", "", "exec sleep 1000"));
                await StartAsync(2);
                Assert.Equal(2, (await _run.ControlAsync("list")).Text.Split('\n').Count(line => line.StartsWith('a')));
                break;
            case "an_app_that_crashes":
                Says(recorded, "its sidecar and the other apps go on; nothing is restarted; the exit status is still 0");
                Assert.Equal(0, await ExitStatusAsync("one app crashed with status 3, then SIGINT"));
                break;
            case "resourcesPaths":
                Says(recorded, "a list works: [./comps, ./comps/kafka] loaded the Resiliency of the first and the Component of the second; a folder inside");
                AddTwoFolders();
                _run.WriteRunFile(("a", "resourcesPaths: [../comps, ../comps/kafka], daprdLogDestination: console,", "exec sleep 1000"));
                await StartAsync(1);
                Assert.Contains(_run.Lines, line => line.Contains("comps/kafka"));
                break;
            default:
                Assert.Fail($"run_file.json has a case that is not known here: {name}");
                break;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        await base.DisposeAsync();
    }

    private static void Says(JsonNode recorded, string text)
    {
        Assert.StartsWith(text, recorded.GetValue<string>());
        Assert.DoesNotContain("otherwise", recorded.GetValue<string>());
    }

    private async Task RunAsync()
    {
        foreach (var port in (string[])["4701", "4702", "4711", "4712", "54711", "54712", "4791", "4792"])
        {
            _ports[port] = FreePort.Take().ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        Directory.CreateDirectory(_run.InFolder("a"));
        Directory.CreateDirectory(_run.InFolder("b"));
        Directory.CreateDirectory(_run.InFolder("components"));
        File.WriteAllText(_run.InFolder("config.yaml"), "kind: Configuration\n");
        var file = Support.Recording.File("run_file")["run_file"]!.DeepClone();
        file["apps"]![0]!["command"] = new JsonArray("sh", "-c", AppA);
        file["apps"]![1]!["command"] = new JsonArray("sh", "-c", "exec sleep 1000");
        // JSON is YAML.
        var text = _ports.Aggregate(file.ToJsonString(), (yaml, port) => System.Text.RegularExpressions.Regex.Replace(yaml, $@"\b{port.Key}\b", port.Value));
        File.WriteAllText(_run.InFolder("dapr.yaml"), text);
        await StartAsync(2);
        await _run.WaitForLineAsync("== APP - a == err line");
        await _run.WaitForLineAsync("== APP - a == hello from a");
    }

    private async Task StartAsync(int apps)
    {
        _run.Start();
        await _run.WaitForLineAsync("Started Dapr with app id", apps);
    }

    private async Task StopAsync(int signal)
    {
        _run.Signal(signal);
        Assert.Equal(0, await _run.WaitForExitAsync());
    }

    private static async Task<int> ExitStatusAsync(string how)
    {
        await using var run = new TestRun();
        switch (how)
        {
            case "run file missing":
                return (await run.ControlAsync("run", "-f", "missing.yaml")).Status;
            case "no apps":
                await File.WriteAllTextAsync(run.InFolder("dapr.yaml"), "version: 1\napps: []\n", Cancel);
                return (await run.ControlAsync("run")).Status;
            case "appDirPath missing":
                await File.WriteAllTextAsync(run.InFolder("dapr.yaml"), "version: 1\napps:\n- {appID: a, appDirPath: ./nowhere}\n", Cancel);
                return (await run.ControlAsync("run")).Status;
            case "one app crashed with status 3, then SIGINT":
                run.WriteRunFile(("a", "", "exit 3"), ("b", "", "exec sleep 1000"));
                run.Start();
                await run.WaitForLineAsync("exit status 3");
                await run.WaitForLineAsync("Started Dapr with app id", 2);
                Assert.Contains("ready", (await run.ControlAsync("list")).Text);
                run.Signal(Interrupt);
                return await run.WaitForExitAsync();
            case "stopped by SIGINT, SIGTERM or `dapr stop -f`":
                run.WriteRunFile(("a", "", "exec sleep 1000"));
                run.Start();
                await run.WaitForLineAsync("Started Dapr");
                run.Signal(Terminate);
                return await run.WaitForExitAsync();
            default:
                Assert.Fail($"it is not known here how to end so: {how}");
                return -1;
        }
    }

    private static async Task AssertMessageAsync(string what, string text)
    {
        await using var run = new TestRun();
        switch (what)
        {
            case "run file missing":
                Assert.StartsWith(text, (await run.ControlAsync("run", "-f", "missing.yaml")).Text);
                break;
            case "no apps":
                await File.WriteAllTextAsync(run.InFolder("dapr.yaml"), "version: 1\napps: []\n", Cancel);
                Assert.StartsWith(text, (await run.ControlAsync("run")).Text);
                break;
            case "appDirPath missing":
                await File.WriteAllTextAsync(run.InFolder("dapr.yaml"), "version: 1\napps:\n- {appID: a, appDirPath: ./nowhere}\n", Cancel);
                Assert.StartsWith(text.Replace("<path>", run.InFolder("nowhere")), (await run.ControlAsync("run")).Text);
                break;
            case "app exits with status 3":
            case "command not found":
                run.WriteRunFile(("a", "", what == "command not found" ? "exec no-such-command" : "exit 3"));
                run.Start();
                await run.WaitForLineAsync("The App process exited");
                Assert.Contains(run.Lines, line => line.Contains(text));
                break;
            default:
                Assert.Fail($"it is not known here when this is said: {what}");
                break;
        }
    }

    private void AddTwoFolders()
    {
        Directory.CreateDirectory(_run.InFolder("comps", "kafka"));
        File.Copy(Path.Combine(Support.Recording.Folder, "setup", "resiliency.yaml"), _run.InFolder("comps", "resiliency.yaml"));
        File.Copy(Path.Combine(Support.Recording.Folder, "setup", "kafkadlq.yaml"), _run.InFolder("comps", "kafka", "kafkadlq.yaml"));
    }

    private IReadOnlyList<string> Lines() => [.. _run.Lines
        .Select(line => line.Replace(_run.Folder, line.Contains("cwd") ? _run.Folder : "<run file folder>"))
        .Select(line => _ports.Aggregate(line, (text, port) => System.Text.RegularExpressions.Regex.Replace(text, $@"\b{port.Value}\b", port.Key)))];

    // The lines of an app and those about it come from two processes: each must be there, in any order among them.
    private static void AssertLines(JsonArray expected, IReadOnlyList<string> actual)
    {
        var open = actual.ToList();
        foreach (var line in expected)
        {
            Assert.True(open.Remove(line!.GetValue<string>()), $"no line '{line}' in:\n{string.Join('\n', actual)}");
        }
    }
}
