using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using DaprOrders.Messaging.Tests.Outbox;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Messaging.Tests.Telemetry;

/// <summary>Runs alone, because a listener is for the whole process: handlers of other tests would also publish with the ids of spans.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class Listening;

[Collection<Listening>]
public sealed class SpanTests(MessagingFixture fixture) : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Event_that_is_sent_alone_continues_its_trace_and_a_batch_is_linked_to_each_trace()
    {
        await using var host = await StartAsync();
        var (first, second, third) = (NewTrace(), NewTrace(), NewTrace());

        var id = await PublishAsync(host, "a", first);
        await host.RelayAsync();
        await PublishAsync(host, "b", second);
        await PublishAsync(host, "c", third);
        await host.RelayAsync();

        var spans = Ended("send noted");
        Assert.Equal([$"{first}", ""], spans.Select(span => span.ParentId ?? ""));
        Assert.Equal(first, TraceParent(Assert.Single(spans[0].Links)));
        Assert.Equal([second, third], spans[1].Links.Select(TraceParent));
        Assert.All(spans, span => Assert.Equal(ActivityKind.Producer, span.Kind));
        Assert.Equal(
            ["dapr noted send send 1", "dapr noted send send 2"],
            spans.Select(span => $"{Tag(span, "system")} {Tag(span, "destination.name")} {Tag(span, "operation.name")} {Tag(span, "operation.type")} {Tag(span, "batch.message_count")}"));
        Assert.Equal(($"{id}", "a"), (Tag(spans[0], "message.id"), Tag(spans[0], "message.conversation_id")));
        Assert.All(host.Sidecar.Published("noted"), entry => Assert.Contains(BulkPublish.Metadata(entry, "cloudevent.traceparent"), new[] { first, second, third }));
    }

    [Fact]
    public async Task Failed_call_fails_its_span()
    {
        await using var host = await StartAsync();
        BulkPublish.RespondOnce(host, 500, "{}");
        await PublishAsync(host, "a", NewTrace());

        await host.Relay.RelayBatchAsync(Cancel);

        var span = Assert.Single(Ended("send noted"));
        Assert.Equal((ActivityStatusCode.Error, "failed"), (span.Status, span.GetTagItem("error.type")));
    }

    [Fact]
    public async Task Each_event_of_a_delivery_has_its_own_span_in_its_trace_and_the_published_event_continues_it()
    {
        await using var host = await StartAsync();
        host.Handler.Publishes = true;
        var traces = new Dictionary<string, string> { ["a"] = NewTrace(), ["b"] = NewTrace() };

        await host.Client.DeliverAsync("noted", [.. traces.Select(trace => Event(trace.Key, trace.Value))]);
        await host.Client.DeliverAsync("noted", Event("alone", NewTrace()));
        await host.RelayAsync();

        var spans = Ended("process noted");
        Assert.Equal(3, spans.Count);
        Assert.Equal(traces.Values, spans.Take(2).Select(span => span.ParentId));
        Assert.All(spans, span => Assert.Equal((ActivityKind.Consumer, ActivityStatusCode.Unset), (span.Kind, span.Status)));
        Assert.All(spans, span => Assert.NotEqual(span.TraceId, Assert.Single(span.Links).Context.TraceId)); // the request that delivered it
        Assert.Single(spans.Take(2).Select(span => Assert.Single(span.Links).Context.SpanId).Distinct());
        Assert.Equal(
            spans.Select(span => (Tag(span, "message.conversation_id"), span.Id)).Order(),
            host.Sidecar.Published("noted").Select(entry => ((string?)BulkPublish.Text(entry), BulkPublish.Metadata(entry, "cloudevent.traceparent"))).Order());
    }

    [Fact]
    public async Task Span_of_an_event_that_fails_or_is_redelivered_has_the_error()
    {
        await using var host = await StartAsync();
        host.Handler.Failures["bad"] = new InvalidOperationException("handler failed");
        host.Handler.Failures["late"] = new TimeoutException("no database");
        var unreadable = Event("unreadable", NewTrace());
        unreadable["data"] = "text";

        await host.Client.DeliverAsync("noted", Event("bad", NewTrace()), Event("good", NewTrace()), unreadable);
        await host.Client.DeliverAsync("noted", Event("late", NewTrace()));

        Assert.Equal(
            [
                "dead_lettered: InvalidOperationException: handler failed",
                ": ",
                "dead_lettered: 'data' of the CloudEvent is missing or not a JSON object",
                "redelivered: no database",
            ],
            Ended("process noted").Select(span => $"{span.GetTagItem("error.type")}: {span.StatusDescription}"));
    }

    [Fact]
    public async Task Redrive_is_linked_to_the_trace_of_its_dead_letter_and_the_event_is_handled_in_it()
    {
        await using var host = await StartAsync();
        host.Handler.Failures["bad"] = new InvalidOperationException();
        var trace = NewTrace();
        await host.Client.DeliverAsync("noted", Event("bad", trace));
        host.Handler.Failures.Clear();

        using var response = await host.Client.PostAsync(new Uri("/dead-letters/1/redrive", UriKind.Relative), null, Cancel);

        response.EnsureSuccessStatusCode();
        var redrive = Assert.Single(Ended("redrive noted"));
        Assert.Equal(trace, TraceParent(Assert.Single(redrive.Links)));
        var handled = Ended("process noted")[^1];
        Assert.Equal((trace, redrive.SpanId), (handled.ParentId, Assert.Single(handled.Links).Context.SpanId));
    }

    [Fact]
    public async Task Redriven_outgoing_event_keeps_its_trace()
    {
        await using var host = await StartAsync();
        var trace = NewTrace();
        BulkPublish.RespondOnce(host, 400, BulkPublish.Unreadable);
        await PublishAsync(host, "a", trace);
        await host.RelayAsync();

        using var response = await host.Client.PostAsync(new Uri("/dead-letters/1/redrive", UriKind.Relative), null, Cancel);
        await host.RelayAsync();

        Assert.Equal(trace, TraceParent(Assert.Single(Assert.Single(Ended("redrive noted")).Links)));
        Assert.Equal([trace, trace], Ended("send noted").Select(span => span.ParentId));
    }

    /// <summary>Starts the service, and then listens to the spans of the library.</summary>
    private async Task<MessagingHost> StartAsync()
    {
        var host = await fixture.StartAsync();
        _listener.ShouldListenTo = source => source.Name == MessagingSpans.SourceName;
        _listener.Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded;
        _listener.ActivityStopped = _ended.Enqueue;
        ActivitySource.AddActivityListener(_listener);
        return host;
    }

    private List<Activity> Ended(string name) => [.. _ended.Where(span => span.DisplayName == name).OrderBy(span => span.StartTimeUtc)];

    private static async Task<Guid> PublishAsync(MessagingHost host, string text, string trace)
    {
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        var message = new Noted(text, text) { TraceParent = trace };
        db.Publish(message);
        await db.SaveChangesAsync(Cancel);
        return message.EventId;
    }

    private static string NewTrace() => $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01";

    private static string TraceParent(ActivityLink link) => $"00-{link.Context.TraceId}-{link.Context.SpanId}-01";

    private static string? Tag(Activity span, string name) => span.GetTagItem($"messaging.{name}")?.ToString();

    private static JsonObject Event(string text, string trace)
    {
        var cloudEvent = Deliveries.Event("noted", new { text, by = text });
        cloudEvent["traceparent"] = trace;
        return cloudEvent;
    }
}
