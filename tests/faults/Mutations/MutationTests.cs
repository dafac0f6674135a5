using DaprOrders.Testing;

namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>
/// The invariants have teeth: each mistake that this design avoids is made on purpose, and must violate the invariant that is about it. With
/// the same seed, and so the same faults, the sources as they are violate none.
/// </summary>
public sealed class MutationTests(ITestOutputHelper output, MutationTests.Unmutated unmutated) : IClassFixture<MutationTests.Unmutated>
{
    public static TheoryData<string> Names => [.. AllMutations.List.Select(mutation => mutation.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_mistake_violates_the_invariant_that_is_about_it_and_without_it_none_is_violated(string name)
    {
        Assert.SkipUnless(Repository.IsHere, "Mutations are applied to the sources, and these are not here.");
        OwnSystem.Require();
        var mutation = AllMutations.List.Single(mutation => mutation.Name == name);
        var plan = mutation.NeedsLosses ? Plans.Losses : Plans.Crashes;

        var sound = await unmutated.RunAsync(plan, output.WriteLine);
        Assert.Empty(sound.Violations);

        using var build = await MutatedBuild.CreateAsync(mutation);
        var result = await FaultRun.RunAsync(plan with { Stack = plan.Stack with { Builds = build.Folders } }, output.WriteLine);

        Assert.Contains(mutation.Invariant, result.Violations.Select(violation => violation.Invariant));
    }

    [Fact]
    public async Task A_mutation_that_no_longer_fits_the_sources_is_an_error()
    {
        Assert.SkipUnless(Repository.IsHere, "Mutations are applied to the sources, and these are not here.");
        var stale = AllMutations.List[0] with { Edits = [new Edit("libs/messaging/Outbox/Relay.cs", "what nobody writes", "")] };

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => MutatedBuild.CreateAsync(stale));

        Assert.Contains("no longer applies", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The runs of the sources as they are, each made once.</summary>
    public sealed class Unmutated
    {
        private readonly Dictionary<int, FaultRunResult> _results = [];

        internal async Task<FaultRunResult> RunAsync(FaultPlan plan, Action<string> say)
        {
            if (!_results.TryGetValue(plan.Seed, out var result))
            {
                result = await FaultRun.RunAsync(plan, say);
                _results.Add(plan.Seed, result);
            }

            return result;
        }
    }
}
