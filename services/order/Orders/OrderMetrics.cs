using System.Diagnostics.Metrics;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Records the metrics of the meter <c>DaprOrders.Orders</c>. They are recorded before the commit: if it fails, the event is redelivered and its
/// order is counted again.
/// </summary>
internal sealed class OrderMetrics
{
    public const string MeterName = "DaprOrders.Orders";

    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
    };

    private readonly Counter<long> _settled;
    private readonly Histogram<double> _acceptedToSettled;

    public OrderMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _settled = meter.CreateCounter<long>("orders.settled", "{order}", "Orders that were confirmed or rejected.");
        _acceptedToSettled = meter.CreateHistogram(
            "orders.accepted_to_settled", "s", "Time from the acceptance of an order to its outcome.", tags: null, Durations);
        meter.CreateObservableGauge(
            "orders.pending_overdue",
            () => PendingOverdue is { } count ? [new Measurement<long>(count)] : Enumerable.Empty<Measurement<long>>(),
            "{order}",
            "Orders that have been pending for over a minute.");
    }

    /// <summary>Gets or sets how many orders have been pending for over a minute; null if that is not known.</summary>
    public long? PendingOverdue { get; set; }

    public void Settled(Order order, DateTimeOffset now)
    {
        _settled.Add(1, new KeyValuePair<string, object?>("outcome", order.Status.ToSnakeCase()));
        _acceptedToSettled.Record((now - order.CreatedAt).TotalSeconds);
    }
}
