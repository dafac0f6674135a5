using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Mutations;

public sealed class MutatedBuildTests
{
    [Fact]
    public void Every_mutation_fits_the_sources()
    {
        Assert.SkipUnless(Repository.IsHere, "Mutations are applied to the sources, and these are not here.");

        Assert.All(
            AllMutations.List.SelectMany(mutation => mutation.Edits.Select(edit => (Edit: edit, Mutation: mutation))),
            one => Assert.NotEmpty(MutatedBuild.Apply(Repository.Root, one.Edit, one.Mutation)));
    }

    [Fact]
    public async Task Mutation_that_no_longer_fits_the_sources_is_an_error()
    {
        Assert.SkipUnless(Repository.IsHere, "Mutations are applied to the sources, and these are not here.");
        var stale = AllMutations.List[0] with { Edits = [new Edit("libs/messaging/Outbox/Relay.cs", "what nobody writes", "")] };

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => MutatedBuild.CreateAsync(stale));

        Assert.Contains("no longer applies", error.Message, StringComparison.Ordinal);
    }
}
