using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Routes;

/// <summary>The problems that only the gateway responds with.</summary>
internal static class GatewayProblems
{
    public static readonly Problem RateLimited = new("rate-limited", StatusCodes.Status429TooManyRequests, "Too many requests");

    public static readonly Problem HeadersTooLarge = new(
        "headers-too-large",
        StatusCodes.Status431RequestHeaderFieldsTooLarge,
        "Request headers too large",
        "The request was not processed. Send headers of at most 4 KiB in total.");

    /// <summary>The outcome is unknown: the service failed, or did not respond in time.</summary>
    public static readonly Problem Failed = new("upstream-failed", StatusCodes.Status502BadGateway, "Upstream service failed");

    /// <summary>The service did not receive the request.</summary>
    public static readonly Problem Unreachable = new("upstream-unreachable", StatusCodes.Status503ServiceUnavailable, "Upstream service unreachable");

    /// <summary>Documents the problems of all routes.</summary>
    public static RouteGroupBuilder ProducesGatewayProblems(this RouteGroupBuilder routes) => routes
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status403Forbidden)
        .ProducesProblem(StatusCodes.Status429TooManyRequests)
        .ProducesProblem(StatusCodes.Status431RequestHeaderFieldsTooLarge)
        .ProducesProblem(StatusCodes.Status500InternalServerError)
        .ProducesProblem(StatusCodes.Status502BadGateway)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
}
