using System.Text.Json;
using DaprOrders.Stack;
using WireMock.Logging;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace DaprOrders.Testing;

/// <summary>
/// Stubs the sidecar. By default it accepts every bulk publish and is healthy. A test can override that with a priority below 10.
/// </summary>
public sealed class SidecarStub : IDisposable
{
    /// <param name="port">The port on 127.0.0.1; null selects a free port.</param>
    public SidecarStub(int? port = null)
    {
        Server = WireMockServer.Start(port ?? FreePort.Take()); // a port that WireMock selects may be taken before it listens
        AddDefaults();
    }

    public WireMockServer Server { get; }

    public string Url => Server.Url!;

    /// <summary>Removes recorded requests and the stubs of a test, so that the next test can use the same sidecar.</summary>
    public void Reset()
    {
        Server.Reset();
        AddDefaults();
    }

    /// <summary>Waits until the received requests meet the condition.</summary>
    public async Task<IReadOnlyList<ILogEntry>> UntilAsync(Func<IReadOnlyList<ILogEntry>, bool> condition)
    {
        IReadOnlyList<ILogEntry> entries = [];
        try
        {
            await Wait.UntilAsync("requests to the sidecar", () => condition(entries = Server.LogEntries.ToList()));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} Received requests: {string.Join("; ", entries.Select(entry => entry.RequestMessage?.Path))}", e);
        }

        return entries;
    }

    /// <summary>Waits until this number of events was published to the topic. Returns the bulk publish entries in order.</summary>
    public async Task<IReadOnlyList<JsonElement>> PublishedAsync(string topic, int count)
    {
        var entries = await UntilAsync(requests => Entries(requests, topic).Count >= count);
        return Entries(entries, topic);
    }

    /// <summary>Returns the bulk publish entries that were published to the topic.</summary>
    public IReadOnlyList<JsonElement> Published(string topic) => Entries([.. Server.LogEntries], topic);

    /// <summary>Returns the CloudEvent id of a bulk publish entry.</summary>
    public static string EventId(JsonElement entry) => entry.GetProperty("metadata").GetProperty("cloudevent.id").GetString()!;

    public void Dispose() => Server.Dispose();

    private void AddDefaults()
    {
        Server.Given(Request.Create().WithPath("/v1.0/publish/bulk/*").UsingPost()).AtPriority(10)
            .RespondWith(Response.Create().WithStatusCode(204));
        Server.Given(Request.Create().WithPath("/v1.0/healthz/outbound").UsingGet()).AtPriority(10)
            .RespondWith(Response.Create().WithStatusCode(204));
    }

    private static List<JsonElement> Entries(IReadOnlyList<ILogEntry> requests, string topic) => requests
        .Where(request => request.RequestMessage?.Path == $"/v1.0/publish/bulk/pubsub/{topic}")
        .SelectMany(request => JsonSerializer.Deserialize<List<JsonElement>>(request.RequestMessage!.Body!)!)
        .ToList();
}
