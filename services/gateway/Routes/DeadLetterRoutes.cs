using DaprOrders.Gateway.Access;
using DaprOrders.Gateway.Invocation;

namespace DaprOrders.Gateway.Routes;

/// <summary>Forwards the requests of operators to the dead letters of a service. Not part of the contract, like the routes of the services.</summary>
internal static class DeadLetterRoutes
{
    public static void MapDeadLetters(this IEndpointRouteBuilder app)
    {
        var letters = app.MapGroup("/services/{service:regex(^(order|inventory|notification)$)}/dead-letters")
            .RequireAuthorization(Scopes.Operate).ExcludeFromDescription();
        letters.MapGet("/", ForwardAllAsync);
        letters.MapDelete("/", ForwardAllAsync);
        letters.MapPost("/redrive", RedriveAllAsync);
        letters.MapGet("/{id:long}", ForwardOneAsync);
        letters.MapDelete("/{id:long}", ForwardOneAsync);
        letters.MapPost("/{id:long}/redrive", RedriveOneAsync);
    }

    internal static Task<IResult> ForwardAllAsync(string service, HttpContext context, CancellationToken cancellationToken) =>
        ForwardAsync(service, "dead-letters", context, cancellationToken);

    internal static Task<IResult> RedriveAllAsync(string service, HttpContext context, CancellationToken cancellationToken) =>
        ForwardAsync(service, "dead-letters/redrive", context, cancellationToken);

    internal static Task<IResult> ForwardOneAsync(string service, long id, HttpContext context, CancellationToken cancellationToken) =>
        ForwardAsync(service, $"dead-letters/{id}", context, cancellationToken);

    internal static Task<IResult> RedriveOneAsync(string service, long id, HttpContext context, CancellationToken cancellationToken) =>
        ForwardAsync(service, $"dead-letters/{id}/redrive", context, cancellationToken);

    private static Task<IResult> ForwardAsync(string service, string path, HttpContext context, CancellationToken cancellationToken)
    {
        var services = context.RequestServices;
        ServiceClient client = service.ToUpperInvariant() switch
        {
            "ORDER" => services.GetRequiredService<OrderClient>(),
            "INVENTORY" => services.GetRequiredService<InventoryClient>(),
            _ => services.GetRequiredService<NotificationClient>(),
        };
        return client.ForwardAsync(path, context.Request, cancellationToken);
    }
}
