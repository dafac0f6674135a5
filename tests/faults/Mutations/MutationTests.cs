using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>
/// Shows that the invariants detect mistakes. Each mistake that the design avoids is made on purpose and must violate the invariant about it.
/// Under the same faults the unchanged sources violate none.
/// </summary>
[Trait("Form", "mutations")]
public sealed class MutationTests(ITestOutputHelper output, MutationTests.UnmutatedRuns unmutatedRuns) : IClassFixture<MutationTests.UnmutatedRuns>
{
    public static TheoryData<string> Names => [.. AllMutations.List.Select(mutation => mutation.Name)];

    [Theory(Explicit = true)]
    [MemberData(nameof(Names))]
    public async Task Mistake_violates_the_invariant_about_it_and_unchanged_sources_violate_none(string name)
    {
        Assert.SkipUnless(Repository.IsHere, "Mutations are applied to the sources, and these are not here.");
        AttachedSystem.Skip();
        var mutation = AllMutations.List.Single(mutation => mutation.Name == name);
        var plan = mutation.NeedsLosses ? Plans.Losses : Plans.Crashes;

        var sound = await unmutatedRuns.RunAsync(plan, output.WriteLine);
        Assert.Empty(sound.Violations);

        var began = Stopwatch.GetTimestamp();
        using var build = await MutatedBuild.CreateAsync(mutation);
        output.WriteLine($"{mutation}: built in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
        var result = await FaultRun.RunAsync(plan with { Stack = plan.Stack with { Builds = build.Folders } }, output.WriteLine);

        Assert.Contains(mutation.Invariant, result.Violations.Select(violation => violation.Invariant));
    }

    /// <summary>Runs each plan once on the unchanged sources.</summary>
    public sealed class UnmutatedRuns
    {
        private readonly Dictionary<int, FaultRunResult> _results = [];

        internal async Task<FaultRunResult> RunAsync(FaultPlan plan, Action<string> log)
        {
            if (!_results.TryGetValue(plan.Seed, out var result))
            {
                result = await FaultRun.RunAsync(plan, log);
                _results.Add(plan.Seed, result);
            }

            return result;
        }
    }
}
