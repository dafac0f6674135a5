namespace DaprOrders.EndToEnd.Tests;

public sealed class HostileDeliveryTests(StackFixture fixture)
{
    [Fact]
    public async Task Mutated_entry_of_a_delivery_affects_no_other()
    {
        Assert.SkipWhen(fixture.Stack.IsAttached, "GATEWAY_URL is set. The token of the running system is not known.");

        await HostileDeliveries.SendAsync(fixture.Stack, 200);

        Assert.DoesNotContain("nhandled exception", fixture.Stack.Runtime.Output, StringComparison.Ordinal);
    }
}
