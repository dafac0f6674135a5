using System.Diagnostics.Metrics;

namespace DaprOrders.Messaging;

/// <summary>
/// Records the metrics of the meter <c>DaprOrders.Messaging</c>. Those of the semantic conventions have their names. All but the gauges have the
/// attribute <c>messaging.destination.name</c>.
/// </summary>
/// <seealso href="https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/"/>
internal sealed class MessagingMetrics
{
    public const string MeterName = "DaprOrders.Messaging";

    /// <summary>The bounds that the conventions recommend for durations, in seconds.</summary>
    private static readonly InstrumentAdvice<double> Durations = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };

    private static readonly InstrumentAdvice<int> Sizes = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] };

    private readonly Counter<long> _sent;
    private readonly Histogram<double> _sendDuration;
    private readonly Histogram<int> _batchSize;
    private readonly Counter<long> _consumed;
    private readonly Histogram<double> _processDuration;
    private readonly Counter<long> _handled;
    private readonly Counter<long> _redelivered;
    private readonly Counter<long> _deadLettered;

    public MessagingMetrics(IMeterFactory meters, OutboxStatus outbox, DeadLetterCount deadLetters)
    {
        var meter = meters.Create(MeterName);
        _sent = meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Events that were sent to the sidecar.");
        _sendDuration = meter.CreateHistogram(
            "messaging.client.operation.duration", "s", "Duration of a bulk publish.", tags: null, Durations);
        _batchSize = meter.CreateHistogram("messaging.publish.batch_size", "{message}", "Events per bulk publish.", tags: null, Sizes);
        _consumed = meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Events that were delivered, redeliveries included.");
        _processDuration = meter.CreateHistogram("messaging.process.duration", "s", "Duration of handling a delivery.", tags: null, Durations);
        _handled = meter.CreateCounter<long>("messaging.handled.messages", "{message}", "Events that were handled and whose changes are committed.");
        _redelivered = meter.CreateCounter<long>("messaging.redelivered.messages", "{message}", "Events that will be redelivered.");
        _deadLettered = meter.CreateCounter<long>("messaging.dead_lettered.messages", "{message}", "Events that became dead letters.");
        meter.CreateObservableGauge("messaging.outbox.rows", () => Measurements(outbox.Rows), "{message}", "Events in the outbox.");
        meter.CreateObservableGauge(
            "messaging.outbox.oldest_age", () => Measurements(outbox.OldestAge?.TotalSeconds), "s", "Age of the oldest event in the outbox.");
        meter.CreateObservableGauge("messaging.dead_letters", () => Measurements(deadLetters.Value), "{message}", "Dead letters that are stored.");
    }

    /// <summary>Records a bulk publish.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="count">The number of events in the call.</param>
    /// <param name="duration">The duration of the call.</param>
    /// <param name="error">The kind of failure; null if the broker accepted all events.</param>
    public void Sent(string topic, int count, TimeSpan duration, string? error)
    {
        var tags = Tags(topic, "send", error);
        _sent.Add(count, tags);
        _sendDuration.Record(duration.TotalSeconds, tags);
        _batchSize.Record(count, Topic(topic));
    }

    /// <summary>Records a delivery.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="count">The number of events in the delivery.</param>
    /// <param name="redelivered">The number of events that will be redelivered.</param>
    /// <param name="duration">The duration of handling the delivery.</param>
    public void Delivered(string topic, int count, int redelivered, TimeSpan duration)
    {
        var tags = Tags(topic, "process", redelivered > 0 ? "redelivered" : null);
        _consumed.Add(count, tags);
        _processDuration.Record(duration.TotalSeconds, tags);
        _redelivered.Add(redelivered, Topic(topic));
    }

    public void Handled(string topic, int count) => _handled.Add(count, Topic(topic));

    public void DeadLettered(string topic, string direction) => _deadLettered.Add(1, Topic(topic), new("messaging.direction", direction));

    private static KeyValuePair<string, object?> Topic(string topic) => new("messaging.destination.name", topic);

    private static KeyValuePair<string, object?>[] Tags(string topic, string operation, string? error)
    {
        KeyValuePair<string, object?>[] tags = [new("messaging.system", "dapr"), Topic(topic), new("messaging.operation.name", operation)];
        return error is null ? tags : [.. tags, new("error.type", error)];
    }

    private static IEnumerable<Measurement<double>> Measurements(double? value) => value is { } known ? [new Measurement<double>(known)] : [];
}
