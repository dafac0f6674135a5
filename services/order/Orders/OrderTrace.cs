using System.Diagnostics;

namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Gives an order of a batch its own trace, which is linked to the request that carried the batch. Otherwise all orders of a batch would share one
/// trace. Ends with <see cref="Dispose"/>, which restores the span of the request.
/// </summary>
internal readonly struct OrderTrace : IDisposable
{
    public const string SourceName = "DaprOrders.Orders";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly Activity? _request;
    private readonly Activity? _order;

    private OrderTrace(Activity? request, Activity? order) => (_request, _order) = (request, order);

    public static OrderTrace Start()
    {
        var request = Activity.Current;
        if (!Source.HasListeners())
        {
            return new OrderTrace(request, null);
        }

        Activity.Current = null; // a span without a parent starts a trace
        var order = Source.StartActivity(
            "place order", ActivityKind.Internal, parentContext: default, links: request is null ? null : [new ActivityLink(request.Context)]);
        Activity.Current = order ?? request;
        return new OrderTrace(request, order);
    }

    public void Dispose()
    {
        _order?.Dispose();
        Activity.Current = _request;
    }
}
