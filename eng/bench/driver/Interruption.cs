using System.Runtime.InteropServices;

namespace DaprOrders.Bench;

/// <summary>Stops what was started when the run is interrupted: a system that stays behind would disturb whatever is measured next.</summary>
internal static class Interruption
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly HashSet<IAsyncDisposable> Started = [];

    /// <summary>Ends the program with status 130 on SIGINT and SIGTERM, after stopping what runs then.</summary>
    /// <returns>The registrations, to be kept until the end.</returns>
    public static IDisposable[] Listen() => [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Stop))];

    public static void Add(IAsyncDisposable system)
    {
        lock (Started)
        {
            Started.Add(system);
        }
    }

    public static void Remove(IAsyncDisposable system)
    {
        lock (Started)
        {
            Started.Remove(system);
        }
    }

    private static void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        IAsyncDisposable[] systems;
        lock (Started)
        {
            systems = [.. Started];
        }

        Task.WhenAll(systems.Select(system => system.DisposeAsync().AsTask())).Wait(Patience);
        Environment.Exit(130);
    }
}
