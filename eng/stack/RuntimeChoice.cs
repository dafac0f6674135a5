namespace DaprOrders.Stack;

/// <summary>The runtime that a run uses, and why.</summary>
/// <param name="Program">The path of the Dapr CLI; null on the emulator.</param>
/// <param name="Reason">Why Dapr is not used; null on Dapr.</param>
public sealed record RuntimeChoice(RuntimeKind Kind, string? Program, string? Reason)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Chooses Dapr if its CLI and runtime are installed and the broker responds, otherwise the emulator.</summary>
    /// <param name="broker">The broker of the component in use.</param>
    /// <param name="timeout">How long to wait for the broker if Dapr is installed.</param>
    /// <param name="report">Receives a line before it waits for the broker.</param>
    public static async Task<RuntimeChoice> MakeAsync(Broker broker, TimeSpan timeout, Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(broker);
        ArgumentNullException.ThrowIfNull(report);
        var dapr = DaprPrograms.Find();
        if (dapr.Cli is null)
        {
            return Emulator("dapr is not on PATH");
        }

        if (!dapr.HasRuntime)
        {
            return Emulator($"{dapr.Runtime} is missing; install it with: dapr init --slim");
        }

        if (!await broker.RespondsAsync(cancellationToken))
        {
            report($"Waiting up to {timeout.TotalSeconds:0} s for {broker} (docker-compose.yml has one) ...");
            if (!await WaitAsync(broker, timeout, cancellationToken))
            {
                return Emulator($"{broker} does not respond");
            }
        }

        return new RuntimeChoice(RuntimeKind.Dapr, dapr.Cli, null);

        static RuntimeChoice Emulator(string reason) => new(RuntimeKind.Emulator, null, reason);
    }

    private static async Task<bool> WaitAsync(Broker broker, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
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
