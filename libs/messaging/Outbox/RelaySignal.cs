using System.Threading.Channels;

namespace DaprOrders.Messaging;

/// <summary>Tells the relay that rows were committed. Signals that come while one is pending are one.</summary>
internal sealed class RelaySignal
{
    private readonly Channel<bool> _pending = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _pending.Writer.TryWrite(true);

    /// <summary>Waits for a signal, but no longer than <paramref name="timeout"/>.</summary>
    /// <returns>Whether there was one. If not, rows of another instance may be there, or of one that died before its relay saw them.</returns>
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
