using System.Diagnostics.Metrics;

namespace DaprOrders.Messaging;

/// <summary>
/// Records the metrics of the meter <c>DaprOrders.Messaging</c>. The counters have the tag <c>topic</c>: <c>messaging.published</c>,
/// <c>messaging.publish_failures</c>, <c>messaging.handled</c>, <c>messaging.retried</c> and <c>messaging.dead_lettered</c>, which also has the
/// tag <c>direction</c>. The gauges <c>messaging.outbox.rows</c> and <c>messaging.outbox.oldest_age</c> show the last measurement of the relay.
/// </summary>
internal sealed class MessagingMetrics
{
    public const string MeterName = "DaprOrders.Messaging";

    private readonly Counter<long> _published;
    private readonly Counter<long> _publishFailures;
    private readonly Counter<long> _handled;
    private readonly Counter<long> _retried;
    private readonly Counter<long> _deadLettered;

    public MessagingMetrics(IMeterFactory meters, OutboxStatus outbox)
    {
        var meter = meters.Create(MeterName);
        _published = meter.CreateCounter<long>("messaging.published", "{event}", "Events that the broker accepted.");
        _publishFailures = meter.CreateCounter<long>("messaging.publish_failures", "{call}", "Bulk publish calls that failed for at least one event.");
        _handled = meter.CreateCounter<long>("messaging.handled", "{event}", "Events that were handled and whose changes are committed.");
        _retried = meter.CreateCounter<long>("messaging.retried", "{event}", "Events that will be redelivered.");
        _deadLettered = meter.CreateCounter<long>("messaging.dead_lettered", "{event}", "Events that became dead letters.");
        meter.CreateObservableGauge("messaging.outbox.rows", () => Measurements(outbox.Rows), "{event}", "Events in the outbox.");
        meter.CreateObservableGauge(
            "messaging.outbox.oldest_age", () => Measurements(outbox.OldestAge?.TotalSeconds), "s", "Age of the oldest event in the outbox.");
    }

    public void Published(string topic, int count) => _published.Add(count, Topic(topic));

    public void PublishFailed(string topic) => _publishFailures.Add(1, Topic(topic));

    public void Handled(string topic, int count) => _handled.Add(count, Topic(topic));

    public void Retried(string topic, int count) => _retried.Add(count, Topic(topic));

    public void DeadLettered(string topic, string direction) => _deadLettered.Add(1, Topic(topic), new("direction", direction));

    private static KeyValuePair<string, object?> Topic(string topic) => new("topic", topic);

    private static IEnumerable<Measurement<double>> Measurements(double? value) => value is { } known ? [new Measurement<double>(known)] : [];
}
