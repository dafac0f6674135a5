using System.Threading.Channels;

namespace DaprOrders.Messaging;

/// <summary>Wakes the relay after rows were committed. Signals while one is pending have no effect.</summary>
internal sealed class RelaySignal
{
    private readonly Channel<bool> _pending = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _pending.Writer.TryWrite(true);

    /// <summary>Waits for a signal for at most <paramref name="timeout"/>.</summary>
    /// <returns>Whether there was one. If not, there may still be rows of another instance, or of one that crashed before its relay read them.</returns>
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
