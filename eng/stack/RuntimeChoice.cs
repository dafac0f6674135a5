namespace DaprOrders.Stack;

/// <summary>The runtime that a run uses, and why.</summary>
/// <param name="Kind">The runtime.</param>
/// <param name="Program">Where the Dapr CLI is; null on the emulator.</param>
/// <param name="Reason">Why Dapr is not used; null on Dapr.</param>
public sealed record RuntimeChoice(RuntimeKind Kind, string? Program, string? Reason)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Chooses Dapr if its CLI and runtime are installed and the broker responds, and the emulator otherwise.</summary>
    /// <param name="broker">The broker of the component in use.</param>
    /// <param name="patience">How long to wait for the broker where Dapr is installed.</param>
    /// <param name="report">Receives one line if it waits for the broker.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<RuntimeChoice> MakeAsync(Broker broker, TimeSpan patience, Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(broker);
        ArgumentNullException.ThrowIfNull(report);
        var dapr = DaprPrograms.Find();
        if (dapr.Cli is null)
        {
            return Emulator("there is no dapr on PATH");
        }

        if (!dapr.HasRuntime)
        {
            return Emulator($"there is no {dapr.Runtime}; dapr init --slim installs it");
        }

        if (!await broker.RespondsAsync(cancellationToken))
        {
            report($"Waiting up to {patience.TotalSeconds:0} s for {broker} (docker-compose.yml has one) ...");
            if (!await WaitAsync(broker, patience, cancellationToken))
            {
                return Emulator($"{broker} does not respond");
            }
        }

        return new RuntimeChoice(RuntimeKind.Dapr, dapr.Cli, null);

        static RuntimeChoice Emulator(string reason) => new(RuntimeKind.Emulator, null, reason);
    }

    private static async Task<bool> WaitAsync(Broker broker, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(limit.Token))
            {
                if (await broker.RespondsAsync(limit.Token))
                {
                    return true;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The broker is still unavailable.
        }

        return false;
    }
}
