namespace DaprOrders.Faults.Tests;

/// <summary>Inflicts the faults of <see cref="SmokeTests"/> while an optional part is turned off.</summary>
[Trait("Form", "faults")]
public sealed class OptionalPartsTests(ITestOutputHelper output)
{
    [Theory(Explicit = true)]
    [InlineData("SetBasedSaveChanges__Enabled")]
    [InlineData("Coalescing__Enabled")]
    public async Task No_order_is_lost_without_an_optional_part(string setting)
    {
        AttachedSystem.Skip();
        var stack = Plans.Smoke.Stack;
        var plan = Plans.Smoke with
        {
            Stack = stack with { Environment = new Dictionary<string, string>(stack.Environment) { [setting] = "false" } },
        };

        var result = await FaultRun.RunAsync(plan, output.WriteLine);

        Assert.Empty(result.Violations);
        Assert.Empty(result.IdleConsumers);
        Assert.True(result.Orders >= plan.Orders, $"Only {result.Orders} orders were placed");
    }
}
