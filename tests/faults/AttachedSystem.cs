using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

internal static class AttachedSystem
{
    /// <summary>Skips a test that would break a system that it did not start.</summary>
    public static void Require() =>
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set, and faults are inflicted only on a system that the test itself started.");
}
