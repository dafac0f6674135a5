using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

internal static class AttachedSystem
{
    /// <summary>Skips the test if it would inflict faults on a system that it did not start.</summary>
    public static void Skip() =>
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set. This test inflicts faults only on a system that it started.");
}
