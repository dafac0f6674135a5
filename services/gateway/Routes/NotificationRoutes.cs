using DaprOrders.Gateway.Invocation;

namespace DaprOrders.Gateway.Routes;

internal static class NotificationRoutes
{
    public static void MapNotifications(this IEndpointRouteBuilder app) =>
        app.MapGet("/notifications", ListAsync).WithName("ListNotifications").WithSummary("Lists notifications, newest first, of all orders or of one.");

    private static Task<IResult> ListAsync(HttpRequest request, NotificationApp app, CancellationToken cancellationToken) =>
        Lists.GetAsync(request, app, "notifications", cancellationToken);
}
