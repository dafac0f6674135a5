using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Mutations;

public sealed class MutatedBuildTests
{
    [Fact]
    public void Every_mutation_matches_the_sources()
    {
        Assert.SkipUnless(Repository.IsHere, "The sources are missing, and mutations need them.");

        Assert.All(
            AllMutations.List.SelectMany(mutation => mutation.Edits.Select(edit => (Edit: edit, Mutation: mutation))),
            pair => Assert.NotEmpty(MutatedBuild.Apply(Repository.Root, pair.Edit, pair.Mutation)));
    }

    [Fact]
    public async Task Mutation_that_does_not_match_the_sources_is_an_error()
    {
        Assert.SkipUnless(Repository.IsHere, "The sources are missing, and mutations need them.");
        var stale = AllMutations.List[0] with { Project = "libs/messaging", Edits = [new Edit("libs/messaging/Outbox/Relay.cs", "text that does not occur", "")] };

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => MutatedBuild.CreateAsync(stale));

        Assert.Contains("no longer applies", error.Message, StringComparison.Ordinal);
    }
}
