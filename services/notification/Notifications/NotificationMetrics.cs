using System.Buffers.Binary;
using System.Diagnostics.Metrics;

namespace DaprOrders.NotificationService.Notifications;

/// <summary>
/// Records the metrics of the meter <c>DaprOrders.Notifications</c>. They are recorded before the commit: if it fails, the event is redelivered and
/// its notification is counted again.
/// </summary>
internal sealed class NotificationMetrics
{
    public const string MeterName = "DaprOrders.Notifications";

    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
    };

    private readonly Histogram<double> _acceptedToNotified;

    public NotificationMetrics(IMeterFactory meters) => _acceptedToNotified = meters.Create(MeterName).CreateHistogram(
        "orders.accepted_to_notified", "s", "Time from the acceptance of an order to its notification.", tags: null, Durations);

    /// <summary>Records a notification. The id of its order is a UUID version 7, which contains the time of the acceptance.</summary>
    public void Notified(Guid orderId, DateTimeOffset now)
    {
        if (orderId.Version == 7)
        {
            var milliseconds = BinaryPrimitives.ReadInt64BigEndian(orderId.ToByteArray(bigEndian: true)) >> 16;
            _acceptedToNotified.Record((now - DateTimeOffset.UnixEpoch).TotalSeconds - (milliseconds / 1000.0));
        }
    }
}
