using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>A service in any implementation, and the stub of its sidecar. When it is disposed, it checks all calls and events that reached the sidecar.</summary>
internal sealed class Provider : IAsyncDisposable
{
    private readonly Func<ValueTask> _stop;
    private readonly int _earlierRequests;

    public Provider(HttpClient http, SidecarStub sidecar, Func<ValueTask> stop)
    {
        Http = http;
        Sidecar = sidecar;
        _stop = stop;
        _earlierRequests = sidecar.Server.LogEntries.Count;
        sidecar.Server.Given(Request.Create().WithPath("/v1.0/publish/pubsub/*").UsingPost()).AtPriority(10)
            .RespondWith(Response.Create().WithStatusCode(204));
        sidecar.Server.Given(Request.Create().WithPath("/v1.0/metadata").UsingGet()).AtPriority(10)
            .RespondWith(Response.Create().WithStatusCode(200).WithHeader("Content-Type", "application/json").WithBody("{}"));
    }

    public HttpClient Http { get; }

    public SidecarStub Sidecar { get; }

    /// <summary>Gets or sets the change that is made to the data of each example before its delivery.</summary>
    public Func<JsonObject, JsonObject> Rewrite { get; set; } = data => data;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task<HttpMessage> SendAsync(HttpMessage request, Bindings bindings)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method!), new Uri(bindings.ResolvePath(request.Path!), UriKind.Relative));
        if (request.Content is { } body)
        {
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(bindings.Resolve(body)));
        }

        foreach (var (name, value) in request.Headers)
        {
            if (name == "Content-Type")
            {
                message.Content!.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                message.Headers.Add(name, bindings.Resolve(value));
            }
        }

        using var response = await Http.SendAsync(message, Cancel);
        return await ReadAsync(response);
    }

    public static async Task<HttpMessage> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new HttpMessage(null, null, (int)response.StatusCode, headers, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    /// <summary>Returns the subscriptions that the service declares.</summary>
    public async Task<IReadOnlyList<Subscription>> SubscriptionsAsync()
    {
        var subscriptions = JsonNode.Parse(await Http.GetStringAsync(new Uri("/dapr/subscribe", UriKind.Relative), Cancel))!.AsArray();
        return [.. subscriptions.Select(subscription => Subscription.Read(subscription!.AsObject()))];
    }

    /// <summary>Delivers CloudEvents as Dapr does: in bulk or one by one, as the service has subscribed.</summary>
    /// <returns>The status of each event.</returns>
    public async Task<IReadOnlyList<string>> DeliverAsync(string topic, params IReadOnlyList<JsonNode> events)
    {
        var subscription = Assert.Single(await SubscriptionsAsync(), subscription => subscription.Topic == topic);
        if (subscription.IsBulk)
        {
            return await PostBulkAsync(subscription.Route, Delivery.Bulk(topic, events));
        }

        var statuses = new List<string>();
        foreach (var message in events)
        {
            statuses.Add(await PostSingleAsync(subscription.Route, message));
        }

        return statuses;
    }

    /// <summary>Delivers an example of contracts/events, with the ids of this run.</summary>
    public async Task DeliverExampleAsync(string name, Bindings bindings)
    {
        var example = bindings.Resolve(ContractFiles.Example(name));
        foreach (var message in Delivery.EventsOf(example))
        {
            message["data"] = Rewrite(message["data"]!.DeepClone().AsObject());
        }

        var statuses = await DeliverAsync((string)example["topic"]!, Delivery.EventsOf(example));
        Assert.All(statuses, status => Assert.Equal("SUCCESS", status));
    }

    /// <summary>Returns the events that were published so far, in order.</summary>
    public IReadOnlyList<PublishedEvent> Published() => PublishedEvent.Of(Sidecar.Server.LogEntries.Skip(_earlierRequests));

    public async Task<IReadOnlyList<PublishedEvent>> UntilPublishedAsync(Func<IReadOnlyList<PublishedEvent>, bool> condition) =>
        PublishedEvent.Of((await Sidecar.UntilAsync(requests => condition(PublishedEvent.Of(requests.Skip(_earlierRequests))))).Skip(_earlierRequests));

    public async ValueTask DisposeAsync()
    {
        var unexpected = Sidecar.UnexpectedCalls(_earlierRequests);
        var violations = Published().SelectMany(message => message.Violations()).ToList();
        await _stop();
        Assert.True(unexpected.Count == 0, $"Unexpected calls to the sidecar: {string.Join(", ", unexpected)}");
        Assert.True(violations.Count == 0, string.Join("\n", violations));
    }

    private async Task<IReadOnlyList<string>> PostBulkAsync(string route, JsonObject body)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        content.Headers.ContentType!.CharSet = null; // as Dapr sends it
        using var response = await Http.PostAsync(new Uri(route, UriKind.Relative), content, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, $"The response to a bulk delivery was {(int)response.StatusCode} {text}");
        var statuses = JsonNode.Parse(text)!["statuses"]!.AsArray()
            .ToDictionary(status => (string)status!["entryId"]!, status => (string)status!["status"]!);
        return [.. body["entries"]!.AsArray().Select(entry => statuses.GetValueOrDefault((string)entry!["entryId"]!, "RETRY"))];
    }

    /// <summary>Returns the status that Dapr derives from the response to a single delivery (tests/recordings, delivery.json).</summary>
    private async Task<string> PostSingleAsync(string route, JsonNode message)
    {
        using var content = new StringContent(message.ToJsonString(), Encoding.UTF8, "application/cloudevents+json");
        content.Headers.ContentType!.CharSet = null;
        using var response = await Http.PostAsync(new Uri(route, UriKind.Relative), content, Cancel);
        if (!response.IsSuccessStatusCode)
        {
            return (int)response.StatusCode is 404 ? "DROP" : "RETRY";
        }

        var text = await response.Content.ReadAsStringAsync(Cancel);
        return text.Length == 0 ? "SUCCESS" : JsonSerializer.Deserialize<JsonObject>(text)?["status"]?.GetValue<string>() ?? "SUCCESS";
    }
}
