using DaprOrders.Stack;

namespace DaprOrders.Cli.Testing;

/// <summary>Builds the solution and runs forms of tests. Stops after the first module that fails.</summary>
internal sealed class TestRun(IReadOnlyList<TestForm> forms, IReadOnlyList<string> options)
{
    private const int MaxParallelModules = 8;

    private readonly string _resultsFolder = Path.Combine(Repository.Root, "artifacts", "test-results");
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly List<TestResult> _results = [];

    private bool HasFailed => _results.Exists(result => result.Failed > 0);

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (PostgresPrograms.Find() is null)
        {
            await PostgresInstaller.InstallAsync(Output.Line, cancellationToken);
        }

        if (Directory.Exists(_resultsFolder))
        {
            Directory.Delete(_resultsFolder, recursive: true);
        }

        Directory.CreateDirectory(_resultsFolder);
        await BuildAsync(cancellationToken);
        foreach (var form in forms.TakeWhile(_ => !HasFailed))
        {
            await RunAsync(form, cancellationToken);
        }

        return Summarize();
    }

    private async Task BuildAsync(CancellationToken cancellationToken)
    {
        var needsEmulator = forms.Any(form => form.Steps[0].Any(project => project.Folder == TestForm.EmulatorTests));
        if (!needsEmulator || forms.Count > 1)
        {
            await Build("DaprOrders.sln");
        }

        if (needsEmulator)
        {
            await Build("eng/dapr-emulator/DaprEmulator.sln");
        }

        Task Build(string solution) =>
            Output.StepAsync($"Building {solution}", $"Built {solution}", () => DotnetBuild.RunAsync(Path.Combine(Repository.Root, solution), cancellationToken));
    }

    private async Task RunAsync(TestForm form, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        Output.Line(form.Name);
        foreach (var step in form.Steps.TakeWhile(_ => !HasFailed))
        {
            await Output.WhileAsync(string.Join(", ", step), () => RunAsync(step, form.Options, cancellationToken));
        }

        Output.Line($"{form.Name} took {TimeProvider.System.GetElapsedTime(began):m\\:ss}\n");
    }

    /// <summary>Runs modules in parallel, one per core of the machine.</summary>
    private async Task RunAsync(IReadOnlyList<TestProject> projects, string[] formOptions, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 1, MaxParallelModules),
            CancellationToken = cancellationToken,
        };
        await Parallel.ForEachAsync(projects, parallel, async (project, token) =>
        {
            lock (_results)
            {
                if (HasFailed)
                {
                    return;
                }
            }

            var result = await new TestModule(project, _resultsFolder).RunAsync([.. formOptions, .. options], token);
            lock (_results)
            {
                _results.Add(result);
                Show(result);
            }
        });
    }

    private static void Show(TestResult result)
    {
        if (result.Failed > 0)
        {
            Output.Line(File.ReadAllText(result.Log).TrimEnd());
        }

        Output.Line($"  {result.Name,-28} {result.Time:m\\:ss}   {result.Passed,4} passed{(result.Failed > 0 ? $", {result.Failed} failed" : "")}");
        foreach (var reason in result.Reasons)
        {
            Output.Line($"    skipped: {reason}");
        }
    }

    private int Summarize()
    {
        int passed = _results.Sum(result => result.Passed), failed = _results.Sum(result => result.Failed), skipped = _results.Sum(result => result.Skipped);
        if (passed + failed + skipped == 0)
        {
            Output.Line("No tests ran");
        }

        Output.Line($"Took {TimeProvider.System.GetElapsedTime(_began):m\\:ss} in total");
        Output.Line($"{passed} passed, {failed} failed, {skipped} skipped");
        return failed == 0 && passed + skipped > 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
