using System.Threading.Channels;

namespace DaprOrders.Messaging;

/// <summary>Tells the relay that rows were committed. Signals that come while one is pending are one.</summary>
internal sealed class RelaySignal
{
    private readonly Channel<bool> _pending = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _pending.Writer.TryWrite(true);

    /// <summary>Waits for a signal, but no longer than <paramref name="timeout"/>.</summary>
    public async Task WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = time.CreateTimer(_ => waiting.Cancel(), null, timeout, Timeout.InfiniteTimeSpan);
        try
        {
            await _pending.Reader.ReadAsync(waiting.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time to look anyway: rows of another instance, or of one that died before its relay saw them.
        }
    }
}
