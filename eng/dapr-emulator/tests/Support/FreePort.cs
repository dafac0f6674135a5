using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Returns a different free port for each call.</summary>
internal static class FreePort
{
    private static readonly Lock Lock = new();
    private static readonly FreePorts Ports = new();

    public static int Take()
    {
        lock (Lock)
        {
            return Ports.Next();
        }
    }
}
