using System.Diagnostics.Metrics;

namespace DaprOrders.Gateway.Coalescing;

/// <summary>Records how many orders each call to the order service carries, in the meter <c>DaprOrders.Gateway</c>.</summary>
internal sealed class CoalescingMetrics
{
    public const string MeterName = "DaprOrders.Gateway";

    private static readonly InstrumentAdvice<int> Sizes = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128] };

    private readonly Histogram<int> _orders;

    public CoalescingMetrics(IMeterFactory meters) => _orders = meters.Create(MeterName)
        .CreateHistogram("dapr_orders.coalescing.orders", "{order}", "Orders per call to the order service.", tags: null, Sizes);

    public void Called(int orders) => _orders.Record(orders);
}
