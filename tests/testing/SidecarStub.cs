using System.Collections.Specialized;
using System.Text.Json;
using WireMock.Logging;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace DaprOrders.Testing;

/// <summary>WireMock in the part of the sidecar. It takes every bulk publish, unless a test stubs something with a higher priority (below 10).</summary>
public sealed class SidecarStub : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="port">The port of 127.0.0.1, or null for a free one.</param>
    public SidecarStub(int? port = null)
    {
        Server = WireMockServer.Start(port ?? FreePort.Take()); // its own choice may be gone by the time it listens
        Server.Given(Request.Create().WithPath("/v1.0/publish/bulk/*").UsingPost()).AtPriority(10)
            .RespondWith(Response.Create().WithStatusCode(204));
        Server.Given(Request.Create().WithPath("/v1.0/healthz/outbound").UsingGet()).AtPriority(10)
            .RespondWith(Response.Create().WithStatusCode(204));
    }

    public WireMockServer Server { get; }

    public string Url => Server.Url!;

    /// <summary>Waits until the condition holds for the requests that came so far; each request makes it look again.</summary>
    public async Task<IReadOnlyList<ILogEntry>> UntilAsync(Func<IReadOnlyList<ILogEntry>, bool> condition)
    {
        var arrived = new SemaphoreSlim(0);
        void OnChange(object? sender, NotifyCollectionChangedEventArgs e) => arrived.Release();
        Server.LogEntriesChanged += OnChange;
        try
        {
            var entries = Server.LogEntries.ToList();
            while (!condition(entries))
            {
                if (!await arrived.WaitAsync(Patience))
                {
                    throw new TimeoutException($"The sidecar got only: {string.Join("; ", entries.Select(entry => entry.RequestMessage?.Path))}");
                }

                entries = Server.LogEntries.ToList();
            }

            return entries;
        }
        finally
        {
            Server.LogEntriesChanged -= OnChange;
        }
    }

    /// <summary>Waits until that many events were published to the topic, and gives the entries of the bulk publishes in their order.</summary>
    public async Task<IReadOnlyList<JsonElement>> PublishedAsync(string topic, int count)
    {
        var entries = await UntilAsync(requests => Entries(requests, topic).Count >= count);
        return Entries(entries, topic);
    }

    public void Dispose() => Server.Dispose();

    private static List<JsonElement> Entries(IReadOnlyList<ILogEntry> requests, string topic) => requests
        .Where(request => request.RequestMessage?.Path == $"/v1.0/publish/bulk/pubsub/{topic}")
        .SelectMany(request => JsonSerializer.Deserialize<List<JsonElement>>(request.RequestMessage!.Body!)!)
        .ToList();
}
