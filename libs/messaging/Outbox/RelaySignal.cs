using System.Threading.Channels;

namespace DaprOrders.Messaging;

/// <summary>Wakes the relay after a commit. Signals that are set while one is pending count as one.</summary>
internal sealed class RelaySignal
{
    private readonly Channel<bool> _pending = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _pending.Writer.TryWrite(true);

    /// <summary>Waits for a signal, but no longer than <paramref name="timeout"/>.</summary>
    /// <returns>Whether there was a signal. Without one there may still be rows: of another instance, or of one that ended before its relay saw them.</returns>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = time.CreateTimer(_ => waiting.Cancel(), null, timeout, Timeout.InfiniteTimeSpan);
        try
        {
            return await _pending.Reader.ReadAsync(waiting.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
