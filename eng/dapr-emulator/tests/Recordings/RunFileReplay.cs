using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.DaprEmulator.Tests.Supervision;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays run_file.json with the emulator program. The apps are shell scripts, and free ports replace the recorded ones.</summary>
internal sealed partial class RunFileReplay : Replay
{
    private const string AppA =
        "echo \"cwd $(pwd)\"; env; trap \"echo got SIGTERM; echo bye; exit 0\" TERM; echo hello from a; echo err line >&2; sleep 1000 & wait";

    private readonly TestRun _run = new();
    private readonly Dictionary<string, string> _ports = [];

    public override async Task RunAsync(string name, JsonNode recorded)
    {
        switch (name)
        {
            case "environment_of_app_a":
                await StartRecordedFileAsync();
                foreach (var (variable, value) in recorded.AsObject())
                {
                    Assert.Contains($"== APP - a == {variable}={value!.GetValue<string>()}", Lines());
                }

                break;
            case "working_directory_of_app_and_sidecar":
                await StartRecordedFileAsync();
                Assert.Contains($"== APP - a == cwd {_run.InFolder("a")}", _run.Lines);
                break;
            case "console_while_running":
                await StartRecordedFileAsync();
                AssertLines(recorded.AsArray(), Lines());
                break;
            case "console_when_stopped":
                await StartRecordedFileAsync();
                Assert.Equal(0, await _run.EndAsync(TestRun.Interrupt));
                AssertLines(recorded.AsArray(), [.. Lines().SkipWhile(line => line.Length > 0)]);
                break;
            case "log_files":
                await StartRecordedFileAsync();
                Assert.Equal(0, await _run.EndAsync(TestRun.Interrupt));
                var files = Directory.GetFiles(_run.InFolder("a", ".dapr", "logs")).Order(StringComparer.Ordinal)
                    .Select(file => Timestamp().Replace(file.Replace(_run.InFolder("a"), "<appDirPath>"), "<yyyyMMddHHmmss>"));
                Assert.Equal(recorded.AsArray().Select(file => file!.GetValue<string>()), files);
                break;
            case "exit_status":
                foreach (var (ending, status) in recorded.AsObject())
                {
                    Assert.Equal(status!.GetValue<int>(), await ExitStatusAsync(ending));
                }

                break;
            case "messages":
                foreach (var (problem, text) in recorded.AsObject())
                {
                    await AssertMessageAsync(problem, text!.GetValue<string>());
                }

                break;
            // The recording describes the following cases in prose, so the expected results are here.
            case "the_same_appID_twice":
                _run.WriteRunFile(("a", "", "exec sleep 1000"), ("a", "", "exec sleep 1000"));
                await StartAsync(2);
                Assert.Equal(2, (await _run.ControlAsync("list")).Text.Split('\n').Count(line => line.StartsWith('a')));
                break;
            case "an_app_that_crashes":
                Assert.Equal(0, await ExitStatusAsync("one app crashed with status 3, then SIGINT"));
                break;
            case "resourcesPaths":
                AddTwoFolders();
                _run.WriteRunFile(("a", "resourcesPaths: [../comps, ../comps/kafka], daprdLogDestination: console,", "exec sleep 1000"));
                await StartAsync(1);
                Assert.Contains(_run.Lines, line => line.Contains("comps/kafka"));
                break;
            default:
                Assert.Fail($"run_file.json has the unknown case {name}");
                break;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task StartRecordedFileAsync()
    {
        foreach (var port in (string[])["4701", "4702", "4711", "4712", "54711", "54712", "4791", "4792"])
        {
            _ports[port] = $"{FreePort.Take()}";
        }

        Directory.CreateDirectory(_run.InFolder("a"));
        Directory.CreateDirectory(_run.InFolder("b"));
        Directory.CreateDirectory(_run.InFolder("components"));
        File.WriteAllText(_run.InFolder("config.yaml"), "kind: Configuration\n");
        var file = Support.Recording.File("run_file")["run_file"]!.DeepClone();
        file["apps"]![0]!["command"] = new JsonArray("sh", "-c", AppA);
        file["apps"]![1]!["command"] = new JsonArray("sh", "-c", "exec sleep 1000");
        // JSON is valid YAML.
        File.WriteAllText(_run.InFolder("dapr.yaml"), _ports.Aggregate(file.ToJsonString(), (yaml, port) => Regex.Replace(yaml, $@"\b{port.Key}\b", port.Value)));
        await StartAsync(2);
        await _run.WaitForLineAsync("== APP - a == err line");
        await _run.WaitForLineAsync("== APP - a == hello from a");
    }

    private Task StartAsync(int apps)
    {
        _run.Start();
        return _run.WaitForLineAsync("Started Dapr with app id", apps);
    }

    private static async Task<int> ExitStatusAsync(string ending)
    {
        await using var run = new TestRun();
        switch (ending)
        {
            case "one app crashed with status 3, then SIGINT":
                run.WriteRunFile(("a", "", "exit 3"), ("b", "", "exec sleep 1000"));
                run.Start();
                await run.WaitForLineAsync("exit status 3");
                await run.WaitForLineAsync("Started Dapr with app id", 2);
                Assert.Contains("ready", (await run.ControlAsync("list")).Text);
                return await run.EndAsync(TestRun.Interrupt);
            case "stopped by SIGINT, SIGTERM or `dapr stop -f`":
                run.WriteRunFile(("a", "", "exec sleep 1000"));
                run.Start();
                await run.WaitForLineAsync("Started Dapr");
                return await run.EndAsync(TestRun.Terminate);
            default:
                return (await RunInvalidFileAsync(run, ending)).Status;
        }
    }

    private static async Task AssertMessageAsync(string problem, string text)
    {
        await using var run = new TestRun();
        if (problem is "app exits with status 3" or "command not found")
        {
            run.WriteRunFile(("a", "", problem == "command not found" ? "exec no-such-command" : "exit 3"));
            run.Start();
            await run.WaitForLineAsync("The App process exited");
            Assert.Contains(run.Lines, line => line.Contains(text));
            return;
        }

        Assert.StartsWith(text.Replace("<path>", run.InFolder("nowhere")), (await RunInvalidFileAsync(run, problem)).Text);
    }

    private static async Task<(int Status, string Text)> RunInvalidFileAsync(TestRun run, string problem)
    {
        if (problem == "run file missing")
        {
            return await run.ControlAsync("run", "-f", "missing.yaml");
        }

        var apps = problem switch
        {
            "no apps" => "[]",
            "appDirPath missing" => "[{appID: a, appDirPath: ./nowhere}]",
            _ => throw new ArgumentException($"Unknown case: {problem}", nameof(problem)),
        };
        await File.WriteAllTextAsync(run.InFolder("dapr.yaml"), $"version: 1\napps: {apps}\n", Cancel);
        return await run.ControlAsync("run");
    }

    private void AddTwoFolders()
    {
        Directory.CreateDirectory(_run.InFolder("comps", "kafka"));
        File.Copy(Path.Combine(Support.Recording.Folder, "setup", "resiliency.yaml"), _run.InFolder("comps", "resiliency.yaml"));
        File.Copy(Path.Combine(Support.Recording.Folder, "setup", "kafkadlq.yaml"), _run.InFolder("comps", "kafka", "kafkadlq.yaml"));
    }

    private IReadOnlyList<string> Lines() => [.. _run.Lines
        .Select(line => line.Contains("cwd") ? line : line.Replace(_run.Folder, "<run file folder>"))
        .Select(line => _ports.Aggregate(line, (text, port) => Regex.Replace(text, $@"\b{port.Value}\b", port.Key)))];

    // The lines come from the app and from the emulator, so their order is not defined.
    private static void AssertLines(JsonArray expected, IReadOnlyList<string> actual)
    {
        var remaining = actual.ToList();
        foreach (var line in expected)
        {
            Assert.True(remaining.Remove(line!.GetValue<string>()), $"There is no line '{line}' in:\n{string.Join('\n', actual)}");
        }
    }

    [GeneratedRegex(@"\d{14}")]
    private static partial Regex Timestamp();
}
