using System.Net;
using System.Threading.Channels;

namespace DaprOrders.NoOp;

/// <summary>Publishes events like the relay in libs/messaging: one call at a time, with all waiting events, at most 200.</summary>
internal sealed class Relay
{
    private static readonly TimeSpan BackOff = TimeSpan.FromMilliseconds(200);

    private readonly Sidecar _sidecar;
    private readonly BulkPublish _publish;
    private readonly Uri _path;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(1);
    private int _waiting;

    /// <param name="data">The data of every event, as JSON.</param>
    public Relay(Sidecar sidecar, string topic, string data)
    {
        _sidecar = sidecar;
        _publish = new BulkPublish(topic, data);
        _path = new Uri($"/v1.0/publish/bulk/pubsub/{topic}", UriKind.Relative);
        _ = Task.Run(RunAsync);
    }

    /// <summary>Adds this number of events to those that wait to be published.</summary>
    public void Add(int events)
    {
        // Events in flight count as waiting, so the sum equals the new events only if the relay is idle and must be woken.
        if (events > 0 && Interlocked.Add(ref _waiting, events) == events)
        {
            _wake.Writer.TryWrite(true);
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _wake.Reader.ReadAsync();
            while (Math.Min(Volatile.Read(ref _waiting), BulkPublish.LargestBatch) is > 0 and var events)
            {
                var length = _publish.Prepare(events);
                while (!await TryPublishAsync(length))
                {
                    await Task.Delay(BackOff);
                }

                Interlocked.Add(ref _waiting, -events);
            }
        }
    }

    private async Task<bool> TryPublishAsync(int length)
    {
        try
        {
            var (status, _) = await _sidecar.PostAsync(_path, _publish.Body, length);
            return status is HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
