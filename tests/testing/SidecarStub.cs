using System.Text.Json;
using DaprOrders.Stack;
using WireMock.Logging;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace DaprOrders.Testing;

/// <summary>
/// A stub of the sidecar. It accepts every bulk publish and is healthy, unless a test stubs something with a higher priority (below 10).
/// </summary>
public sealed class SidecarStub : IDisposable
{
    /// <param name="port">The port of 127.0.0.1, or null for a free one.</param>
    public SidecarStub(int? port = null)
    {
        Server = WireMockServer.Start(port ?? FreePort.Take()); // its own choice may be gone by the time it listens
        AddDefaults();
    }

    public WireMockServer Server { get; }

    public string Url => Server.Url!;

    /// <summary>Forgets the requests that came and what a test stubbed, so that the next test can share the stub.</summary>
    public void Reset()
    {
        Server.Reset();
        AddDefaults();
    }

    /// <summary>Waits until the condition is true for the requests that came so far.</summary>
    public async Task<IReadOnlyList<ILogEntry>> UntilAsync(Func<IReadOnlyList<ILogEntry>, bool> condition)
    {
        IReadOnlyList<ILogEntry> entries = [];
        try
        {
            await Wait.UntilAsync("requests to the sidecar", () => condition(entries = Server.LogEntries.ToList()));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} There were only: {string.Join("; ", entries.Select(entry => entry.RequestMessage?.Path))}", e);
        }

        return entries;
    }

    /// <summary>Waits until that many events were published to the topic, and returns the entries of the bulk publishes in their order.</summary>
    public async Task<IReadOnlyList<JsonElement>> PublishedAsync(string topic, int count)
    {
        var entries = await UntilAsync(requests => Entries(requests, topic).Count >= count);
        return Entries(entries, topic);
    }

    /// <summary>Returns the events that were published to the topic so far.</summary>
    public IReadOnlyList<JsonElement> Published(string topic) => Entries([.. Server.LogEntries], topic);

    /// <summary>Returns the CloudEvent id of an entry of a bulk publish.</summary>
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
