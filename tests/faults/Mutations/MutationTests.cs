using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>
/// Tests that the invariants detect common mistakes. Each mutation adds one mistake to the sources and must violate the expected invariant. With the
/// same faults the original sources violate none. <c>MUTATION=cache</c> runs only the mutations whose name contains "cache".
/// </summary>
[Trait("Form", "mutations")]
public sealed class MutationTests(ITestOutputHelper output, MutationTests.Runs runs) : IClassFixture<MutationTests.Runs>
{
    public static TheoryData<string> Names => [.. AllMutations.List
        .Select(mutation => mutation.Name)
        .Where(name => name.Contains(Environment.GetEnvironmentVariable("MUTATION") ?? "", StringComparison.OrdinalIgnoreCase))];

    [Theory(Explicit = true)]
    [MemberData(nameof(Names))]
    public async Task Mutation_violates_the_expected_invariant(string name)
    {
        Assert.SkipUnless(Repository.IsHere, "The sources are missing, and mutations need them.");
        AttachedSystem.Skip();
        var mutation = AllMutations.List.Single(mutation => mutation.Name == name);
        var plan = mutation.Plan;
        var building = runs.Builds.TakeAsync(mutation);

        var originalResult = await runs.RunOriginalAsync(plan, output.WriteLine);
        Assert.Empty(originalResult.Violations);

        var began = Stopwatch.GetTimestamp();
        using var build = await building;
        output.WriteLine($"{mutation}: waited {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s for the build");
        var result = await FaultRun.RunAsync(plan with { Stack = plan.Stack with { Builds = build.Folders } }, output.WriteLine);

        Assert.Contains(mutation.Invariant, result.Violations.Select(violation => violation.Invariant));
    }

    /// <summary>Contains the builds of the mutations, and runs each plan once with the original sources.</summary>
    public sealed class Runs : IAsyncDisposable
    {
        private readonly Dictionary<int, FaultRunResult> _results = [];

        internal MutatedBuilds Builds { get; } = new();

        public ValueTask DisposeAsync() => Builds.DisposeAsync();

        internal async Task<FaultRunResult> RunOriginalAsync(FaultPlan plan, Action<string> log)
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
