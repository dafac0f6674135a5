using System.Diagnostics;

namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Gives an order of a batch its own span, which is linked to the request that carried the batch. Otherwise all orders of a batch would share one
/// trace. Ends with <see cref="Dispose"/>, which restores the span of the request.
/// </summary>
internal readonly struct OrderTrace : IDisposable
{
    public const string SourceName = "DaprOrders.Orders";

    private const string Name = "place order";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly Activity? _request;
    private readonly Activity? _order;

    private OrderTrace(Activity? request, Activity? order) => (_request, _order) = (request, order);

    /// <summary>Continues the trace of the W3C traceparent, or starts a new one if there is none or it is not valid.</summary>
    public static OrderTrace Start(string? traceParent = null)
    {
        var request = Activity.Current;
        var hasParent = ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent);
        if (!hasParent && !Source.HasListeners())
        {
            return new OrderTrace(request, null);
        }

        Activity.Current = null; // a span without a parent starts a trace
        var order = Source.StartActivity(Name, ActivityKind.Internal, parent, links: request is null ? null : [new ActivityLink(request.Context)]);
        if (order is null && hasParent)
        {
            // Without telemetry too: the trace of the client must reach the event.
            order = new Activity(Name).SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start();
        }

        Activity.Current = order ?? request;
        return new OrderTrace(request, order);
    }

    public void Dispose()
    {
        _order?.Dispose();
        Activity.Current = _request;
    }
}
