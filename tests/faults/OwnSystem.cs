using DaprOrders.Testing.Stack;

namespace DaprOrders.Faults.Tests;

internal static class OwnSystem
{
    /// <summary>Skips a test that would break a system which somebody else started.</summary>
    public static void Require() =>
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set: nothing is broken in a system that somebody else started.");
}
