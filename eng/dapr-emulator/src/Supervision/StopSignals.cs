using System.Runtime.InteropServices;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>The signals that end a run: SIGINT, SIGTERM and SIGHUP.</summary>
internal sealed partial class StopSignals : IDisposable
{
    private const int Interrupt = 2;
    private const nint Default = 0;
    private const nint Ignored = 1;
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals()
    {
        UnignoreInterrupt();
        _registrations = [On(PosixSignal.SIGINT), On(PosixSignal.SIGTERM), On(PosixSignal.SIGHUP)];
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>Ends the run as a signal would.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    // A background job of a script starts with SIGINT ignored. .NET keeps that; the Dapr CLI does not.
    private static void UnignoreInterrupt()
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
