using System.Net;
using System.Threading.Channels;

namespace DaprOrders.NoOp;

/// <summary>Publishes events as the relay of libs/messaging does: one call in flight, which takes all that wait, at most 200.</summary>
internal sealed class Relay
{
    private static readonly TimeSpan BackOff = TimeSpan.FromMilliseconds(200);

    private readonly Sidecar _sidecar;
    private readonly BulkPublish _publish;
    private readonly Uri _path;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(1);
    private int _waiting;

    /// <param name="sidecar">The sidecar.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="data">The data of every event, JSON.</param>
    public Relay(Sidecar sidecar, string topic, string data)
    {
        _sidecar = sidecar;
        _publish = new BulkPublish(topic, data);
        _path = new Uri($"/v1.0/publish/bulk/pubsub/{topic}", UriKind.Relative);
        _ = Task.Run(RunAsync);
    }

    /// <summary>Has so many more events published.</summary>
    public void Add(int events)
    {
        // What is in flight counts as waiting until it is published, so this is the first one only when the relay rests.
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
