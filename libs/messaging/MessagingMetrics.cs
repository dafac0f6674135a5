using System.Diagnostics.Metrics;

namespace DaprOrders.Messaging;

/// <summary>
/// Measures messaging with the meter <c>DaprOrders.Messaging</c>. Counters: <c>messaging.published</c>, <c>messaging.publish_failures</c> (calls
/// without response 204), <c>messaging.handled</c>, <c>messaging.retried</c>, <c>messaging.dead_lettered</c> (tag <c>direction</c>), each with the
/// tag <c>topic</c>. Gauges, as the relay last measured them: <c>messaging.outbox.rows</c> and <c>messaging.outbox.oldest_age</c> in seconds.
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
        _published = meter.CreateCounter<long>("messaging.published", "{event}", "Events that the broker has accepted.");
        _publishFailures = meter.CreateCounter<long>("messaging.publish_failures", "{call}", "Bulk publishes that were not accepted as a whole.");
        _handled = meter.CreateCounter<long>("messaging.handled", "{event}", "Events whose effects are committed.");
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
