using System.Threading.Channels;

namespace DaprOrders.Messaging;

/// <summary>Wakes the relay after a commit. Setting it again while a signal is pending has no effect.</summary>
internal sealed class RelaySignal
{
    private readonly Channel<bool> _pending = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _pending.Writer.TryWrite(true);

    /// <summary>Waits for a signal and returns whether one was set before <paramref name="timeout"/>.</summary>
    /// <remarks>Without a signal the outbox can still contain rows, for example of another instance that was killed.</remarks>
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
