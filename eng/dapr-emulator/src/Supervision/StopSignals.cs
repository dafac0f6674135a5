using System.Runtime.InteropServices;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>Handles the signals that stop a run: SIGINT, SIGTERM and SIGHUP.</summary>
internal sealed partial class StopSignals : IDisposable
{
    private const int Interrupt = 2;
    private const nint Default = 0;
    private const nint Ignored = 1;
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals()
    {
        RestoreInterrupt();
        _registrations = [On(PosixSignal.SIGINT), On(PosixSignal.SIGTERM), On(PosixSignal.SIGHUP)];
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>Stops the run like a signal.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    // Shells start background jobs of a script with SIGINT ignored, and .NET does not change that. The Dapr CLI handles SIGINT nevertheless.
    private static void RestoreInterrupt()
    {
        if (SetHandler(Interrupt, Default) is var before and not Ignored)
        {
            SetHandler(Interrupt, before);
        }
    }

    private PosixSignalRegistration On(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _stop.Cancel();
    });

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetHandler(int signal, nint handler);
}
