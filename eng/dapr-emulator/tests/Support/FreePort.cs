using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Gives each caller a different free port.</summary>
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
