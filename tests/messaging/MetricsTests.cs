using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Messaging.Tests;

public sealed class MetricsTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Published_events_and_failed_calls_are_counted_by_topic()
    {
        await using var host = await fixture.StartAsync();
        using var published = Collect<long>(host, "messaging.published");
        using var failures = Collect<long>(host, "messaging.publish_failures");
        await host.PublishAsync(null, "a", "b", "c");
        host.Sidecar.Server.Given(Request.Create().WithPath("/v1.0/publish/bulk/*")).InScenario("once").WillSetStateTo("passed").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500));

        await host.Relay.RelayBatchAsync(Cancel);
        host.Time.Advance(host.Relay.Pause);
        await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal(3, Sum(published, "noted"));
        Assert.Equal(1, Sum(failures, "noted"));
    }

    [Fact]
    public async Task Handled_retried_and_dead_lettered_events_are_counted_by_topic()
    {
        await using var host = await fixture.StartAsync();
        using var handled = Collect<long>(host, "messaging.handled");
        using var retried = Collect<long>(host, "messaging.retried");
        using var dead = Collect<long>(host, "messaging.dead_lettered");
        host.Handler.Failures["bad"] = new InvalidOperationException();
        host.Handler.Failures["late"] = new TimeoutException();

        await host.Client.DeliverAsync("noted", Event("a"), Event("bad"), Event("c"), JsonNode.Parse("{}"));
        await host.Client.DeliverAsync("noted", Event("late"));

        Assert.Equal([2, 1, 2], [Sum(handled, "noted"), Sum(retried, "noted"), Sum(dead, "noted")]);
        Assert.All(dead.GetMeasurementSnapshot(), measurement => Assert.Equal("in", measurement.Tags["direction"]));
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
        collector.GetMeasurementSnapshot().Where(measurement => (string?)measurement.Tags["topic"] == topic).Sum(measurement => measurement.Value);

    private static JsonObject Event(string text) => Deliveries.Event("noted", new { text, by = text });
}
