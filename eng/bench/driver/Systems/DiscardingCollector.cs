using System.Net;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Systems;

/// <summary>Receives telemetry by OTLP over HTTP and discards it, so that only the cost of creating and sending it is measured.</summary>
internal sealed class DiscardingCollector : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _address = $"http://127.0.0.1:{FreePort.Take()}/";

    public DiscardingCollector()
    {
        _listener.Prefixes.Add(_address);
        _listener.Start();
        _ = ReceiveAsync();
    }

    /// <summary>Gets the number of requests that it has received.</summary>
    public int Requests { get; private set; }

    /// <summary>Returns the variables with which a service sends its telemetry here.</summary>
    /// <param name="ratio">The share of the traces that are sent, 0 to 1.</param>
    public Dictionary<string, string> Environment(string ratio) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio",
        ["OTEL_TRACES_SAMPLER_ARG"] = ratio,
    };

    public void Dispose() => _listener.Close();

    private async Task ReceiveAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                await context.Request.InputStream.CopyToAsync(Stream.Null);
                context.Response.Close();
                Requests++;
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The listener was closed, or a service has ended during its request.
            }
        }
    }
}
