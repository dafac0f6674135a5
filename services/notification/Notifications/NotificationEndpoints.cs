using System.ComponentModel;
using DaprOrders.Messaging;
using DaprOrders.NotificationService.Data;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.NotificationService.Notifications;

internal static class NotificationEndpoints
{
    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        var notifications = app.MapGroup("/notifications").WithTags("notifications").RequireAuthorization(AccessPolicies.Gateway)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status500InternalServerError)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        notifications.MapGet("/", ListAsync).WithName("ListNotifications");
    }

    /// <summary>Lists notifications, newest first.</summary>
    /// <param name="limit" example="10">The largest number of items of the page. Without it, 50.</param>
    /// <param name="cursor" example="CN6Tu3xyRgABmbDCfip8Pp0fK4-mWk0-">The value of next in the previous page. Without it, the first page.</param>
    internal static async Task<Ok<Page<NotificationView>>> ListAsync(
        [FromQuery(Name = "order_id"), Description("The order whose notifications to list. Without it, all are listed.")] OrderFilter? orderId,
        PageLimit? limit, KeysetCursor? cursor, NotificationDbContext db, CancellationToken cancellationToken)
    {
        var notifications = orderId is null ? db.Notifications : db.Notifications.Where(notification => notification.OrderId == orderId.Value);
        return TypedResults.Ok(await notifications.ToPageAsync(cursor, limit, NotificationView.Of, cancellationToken));
    }
}
