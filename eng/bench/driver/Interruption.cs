using System.Runtime.InteropServices;

namespace DaprOrders.Bench;

/// <summary>Stops the started systems when the benchmark is interrupted. A system that keeps running would disturb the next measurement.</summary>
internal static class Interruption
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly HashSet<IAsyncDisposable> Started = [];

    /// <summary>On SIGINT and SIGTERM, stops the started systems and exits with status 130.</summary>
    /// <returns>The registrations, which must be kept until the end.</returns>
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

        Task.WhenAll(systems.Select(system => system.DisposeAsync().AsTask())).Wait(Timeout);
        Environment.Exit(130);
    }
}
