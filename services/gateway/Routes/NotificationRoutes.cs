using System.ComponentModel;
using System.Net;
using DaprOrders.Gateway.Access;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway.Routes;

internal static class NotificationRoutes
{
    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        var notifications = app.MapGroup("/notifications").WithTags("notifications").RequireAuthorization(Scopes.OrdersRead).ProducesGatewayProblems();
        notifications.MapGet("/", ListAsync).WithName("ListNotifications").Produces<Page<NotificationView>>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>Lists notifications, newest first.</summary>
    /// <param name="limit" example="10">The largest number of items of the page. Without it, 50.</param>
    /// <param name="cursor" example="CN6Tu3xyRgABmbDCfip8Pp0fK4-mWk0-">The value of next in the previous page. Without it, the first page.</param>
    internal static async Task<IResult> ListAsync(
        [FromQuery(Name = "order_id"), Description("The order whose notifications to list. Without it, all are listed.")] OrderFilter? orderId,
        PageLimit? limit, string? cursor, HttpRequest request, OrderClient orders, NotificationClient notifications,
        IOptions<ApiAuthentication> authentication, CancellationToken cancellationToken) => authentication.Value.Enabled is true
            ? await ListOwnAsync(orderId, request, orders, notifications, cancellationToken)
            : await notifications.ForwardAsync("notifications", request, cancellationToken);

    /// <summary>
    /// Lists the notifications of an order of the client. The notification service does not know the owners, so the order service is asked first.
    /// </summary>
    private static async Task<IResult> ListOwnAsync(
        OrderFilter? orderId, HttpRequest request, OrderClient orders, NotificationClient notifications, CancellationToken cancellationToken)
    {
        if (orderId is null)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>
            {
                ["order_id"] = ["order_id is required, because clients can only list the notifications of their own orders."],
            });
        }

        var order = await orders.GetAsync($"orders/{orderId.Value}", cancellationToken);
        if (order.StatusCode is not HttpStatusCode.OK)
        {
            return new ForwardedResult(order);
        }

        order.Dispose();
        return new ForwardedResult(await notifications.GetAsync($"notifications{QueryOf(orderId, request)}", cancellationToken));
    }

    /// <summary>Builds a new query: in the client's, a service could read another order than the one that was checked.</summary>
    private static QueryString QueryOf(OrderFilter orderId, HttpRequest request)
    {
        var query = new QueryBuilder { { "order_id", orderId.Value.ToString() } };
        foreach (var name in new[] { "limit", "cursor" })
        {
            if (request.Query.TryGetValue(name, out var values))
            {
                query.Add(name, values.ToString());
            }
        }

        return query.ToQueryString();
    }
}
