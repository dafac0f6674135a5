using System.ComponentModel;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.Gateway.Routes;

internal static class NotificationRoutes
{
    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        var notifications = app.MapGroup("/notifications").WithTags("notifications").AllowAnonymous().ProducesGatewayProblems();
        notifications.MapGet("/", ListAsync).WithName("ListNotifications").Produces<Page<NotificationView>>();
    }

    /// <summary>Lists notifications, newest first.</summary>
    /// <param name="limit" example="10">The largest number of items of the page. Without it, 50.</param>
    /// <param name="cursor" example="CN6Tu3xyRgABmbDCfip8Pp0fK4-mWk0-">The value of next in the previous page. Without it, the first page.</param>
    internal static Task<IResult> ListAsync(
        [FromQuery(Name = "order_id"), Description("The order whose notifications to list. Without it, all are listed.")] string? orderId,
        PageLimit? limit, string? cursor, HttpRequest request, NotificationClient notifications, CancellationToken cancellationToken) =>
        notifications.ForwardListAsync("notifications", request, cancellationToken);
}
