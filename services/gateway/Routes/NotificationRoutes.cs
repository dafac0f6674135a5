using DaprOrders.Gateway.Invocation;
using DaprOrders.Hosting;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.Gateway.Routes;

internal static class NotificationRoutes
{
    public static void MapNotifications(this IEndpointRouteBuilder app) =>
        app.MapGet("/notifications", ListAsync).WithName("ListNotifications").WithSummary("Lists the notifications of an order.");

    private static async Task<IResult> ListAsync(
        [FromQuery(Name = "order_id")] string? orderId, NotificationApp app, CancellationToken cancellationToken) =>
        Parameters.TryParseUuid(orderId, out var id)
            ? new PassedOn(await app.GetAsync($"notifications?order_id={id}", cancellationToken))
            : Parameters.InvalidUuid("order_id");
}
