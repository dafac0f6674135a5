namespace DaprOrders.Messaging;

internal static class Jitter
{
    /// <summary>A number between 0.8 and 1.2, so that replicas do not act at the same moment.</summary>
#pragma warning disable CA5394 // No secret depends on it.
    public static double Factor() => 0.8 + (0.4 * Random.Shared.NextDouble());
#pragma warning restore CA5394
}
