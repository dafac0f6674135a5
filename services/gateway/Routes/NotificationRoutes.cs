using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Routes;

internal static class NotificationRoutes
{
    private static readonly KnownParameter OrderId =
        new("order_id", "Only the notifications of this order.", "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e");

    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        var notifications = app.MapGroup("/notifications").MayAnswer(GatewayProblems.OfEveryRoute);
        notifications.MapGet("/", ListAsync).WithName("ListNotifications").WithSummary("Lists notifications, newest first, of all orders or of one.")
            .Takes(OrderId, KnownParameter.Limit, KnownParameter.Cursor).Produces<Page<NotificationView>>();
    }

    private static Task<IResult> ListAsync(HttpRequest request, NotificationApp app, CancellationToken cancellationToken) =>
        Lists.GetAsync(request, app, "notifications", cancellationToken);
}
