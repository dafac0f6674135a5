using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Messaging.Tests.Telemetry;

public sealed class MetricsTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sent_events_and_the_duration_of_each_call_are_recorded_with_their_error()
    {
        await using var host = await fixture.StartAsync();
        using var sent = Collect<long>(host, "messaging.client.sent.messages");
        using var durations = Collect<double>(host, "messaging.client.operation.duration");
        using var sizes = Collect<int>(host, "messaging.publish.batch_size");
        await host.PublishAsync(null, "a", "b", "c");
        host.Sidecar.Server.Given(Request.Create().WithPath("/v1.0/publish/bulk/*")).InScenario("once").WillSetStateTo("passed").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500));

        await host.Relay.RelayBatchAsync(Cancel);
        host.Time.Advance(host.Relay.Pause);
        await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal([(3, "failed"), (3, null)], sent.GetMeasurementSnapshot().Select(call => (call.Value, (string?)call.Tags.GetValueOrDefault("error.type"))));
        Assert.Equal(["failed", null], durations.GetMeasurementSnapshot().Select(call => (string?)call.Tags.GetValueOrDefault("error.type")));
        Assert.Equal([3, 3], sizes.GetMeasurementSnapshot().Select(call => call.Value));
        Assert.Equal(6, Sum(sent, "noted"));
    }

    [Fact]
    public async Task Delivered_handled_redelivered_and_dead_lettered_events_are_counted_by_topic()
    {
        await using var host = await fixture.StartAsync();
        using var delivered = Collect<long>(host, "messaging.client.consumed.messages");
        using var handled = Collect<long>(host, "messaging.handled.messages");
        using var redelivered = Collect<long>(host, "messaging.redelivered.messages");
        using var dead = Collect<long>(host, "messaging.dead_lettered.messages");
        using var durations = Collect<double>(host, "messaging.process.duration");
        using var stored = Collect<double>(host, "messaging.dead_letters");
        host.Handler.Failures["bad"] = new InvalidOperationException();
        host.Handler.Failures["late"] = new TimeoutException();

        await host.Client.DeliverAsync("noted", Event("a"), Event("bad"), Event("c"), JsonNode.Parse("{}"));
        await host.Client.DeliverAsync("noted", Event("late"));

        await host.App.Services.GetRequiredService<DeadLetterCount>().UpdateAsync(Cancel);
        stored.RecordObservableInstruments();

        Assert.Equal([5, 2, 1, 2], [Sum(delivered, "noted"), Sum(handled, "noted"), Sum(redelivered, "noted"), Sum(dead, "noted")]);
        Assert.All(dead.GetMeasurementSnapshot(), measurement => Assert.Equal("in", measurement.Tags["messaging.direction"]));
        Assert.Equal([null, "redelivered"], durations.GetMeasurementSnapshot().Select(delivery => (string?)delivery.Tags.GetValueOrDefault("error.type")));
        Assert.Equal(2, stored.LastMeasurement?.Value);
    }

    [Fact]
    public async Task Gauges_show_the_number_of_outbox_rows_and_the_age_of_the_oldest()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a", "b");
        await host.QueryAsync<long>("WITH old AS (UPDATE outbox SET created_at = now() - interval '1 minute' RETURNING 1) SELECT count(*) FROM old");
        var (waiting, oldestAge) = await host.Relay.MeasureAsync(Cancel);
        host.App.Services.GetRequiredService<OutboxStatus>().Update(waiting, oldestAge);
        using var rows = Collect<double>(host, "messaging.outbox.rows");
        using var age = Collect<double>(host, "messaging.outbox.oldest_age");

        rows.RecordObservableInstruments();
        age.RecordObservableInstruments();

        Assert.Equal(2, rows.LastMeasurement?.Value);
        Assert.InRange(age.LastMeasurement!.Value, 60, 120);
    }

    private static MetricCollector<T> Collect<T>(MessagingHost host, string instrument)
        where T : struct
    {
        host.App.Services.GetRequiredService<MessagingMetrics>();
        return new MetricCollector<T>(host.App.Services.GetRequiredService<IMeterFactory>(), MessagingMetrics.MeterName, instrument);
    }

    private static long Sum(MetricCollector<long> collector, string topic) =>
        collector.GetMeasurementSnapshot().Where(measurement => (string?)measurement.Tags["messaging.destination.name"] == topic).Sum(measurement => measurement.Value);

    private static JsonObject Event(string text) => Deliveries.Event("noted", new { text, by = text });
}
