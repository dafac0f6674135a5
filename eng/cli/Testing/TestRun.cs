using DaprOrders.Stack;

namespace DaprOrders.Cli.Testing;

/// <summary>Builds the solution and runs forms of tests. Stops after the first module that fails.</summary>
internal sealed class TestRun(IReadOnlyList<TestForm> forms, IReadOnlyList<string> options)
{
    private const int MostLanes = 8;

    private readonly string _results = Path.Combine(Repository.Root, "artifacts", "test-results");
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly List<TestResult> _done = [];

    private bool HasFailed => _done.Exists(result => result.Failed > 0);

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (PostgresPrograms.Find() is null)
        {
            await PostgresInstaller.InstallAsync(Output.Line, cancellationToken);
        }

        if (Directory.Exists(_results))
        {
            Directory.Delete(_results, recursive: true);
        }

        Directory.CreateDirectory(_results);
        await BuildAsync(cancellationToken);
        foreach (var form in forms.TakeWhile(_ => !HasFailed))
        {
            await RunAsync(form, cancellationToken);
        }

        return Conclude();
    }

    private async Task BuildAsync(CancellationToken cancellationToken)
    {
        var needsEmulator = forms.Any(form => form.Steps[0].Contains(TestForm.EmulatorTests));
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

    /// <summary>Runs modules side by side, as many as the machine has cores.</summary>
    private async Task RunAsync(IReadOnlyList<string> folders, string[] formOptions, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 1, MostLanes),
            CancellationToken = cancellationToken,
        };
        await Parallel.ForEachAsync(folders, parallel, async (folder, token) =>
        {
            lock (_done)
            {
                if (HasFailed)
                {
                    return;
                }
            }

            var result = await new TestModule(folder, _results).RunAsync([.. formOptions, .. options], token);
            lock (_done)
            {
                _done.Add(result);
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

        Output.Line($"  {result.Folder,-26} {result.Time:m\\:ss}   {result.Passed,4} passed{(result.Failed > 0 ? $", {result.Failed} failed" : "")}");
        foreach (var skipped in result.Skipped)
        {
            Output.Line($"    skipped: {skipped}");
        }
    }

    private int Conclude()
    {
        int passed = _done.Sum(result => result.Passed), failed = _done.Sum(result => result.Failed), skipped = _done.Sum(result => result.Skipped.Count);
        if (passed + failed == 0)
        {
            Output.Line("No test ran");
        }

        Output.Line($"Took {TimeProvider.System.GetElapsedTime(_began):m\\:ss} in all");
        Output.Line($"{passed} passed, {failed} failed, {skipped} skipped");
        return failed == 0 && passed > 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
