using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Routes;

/// <summary>What the gateway answers by itself when a service cannot be called, and which of the services' problems it passes on.</summary>
internal static class GatewayProblems
{
    public static readonly KnownProblem TooMany =
        new(StatusCodes.Status429TooManyRequests, "Too many requests", "At most 100 requests a second are taken. Nothing was done: repeat it later.");

    public static readonly KnownProblem HeadersTooLarge = new(
        StatusCodes.Status431RequestHeaderFieldsTooLarge,
        "The headers are too large",
        "Nothing was done. All headers together must be at most 4 KiB.");

    public static readonly KnownProblem Failed = new(
        StatusCodes.Status502BadGateway,
        "The service did not carry it out, or did not say so",
        "It is not known whether the request was carried out. Repeat it later.");

    public static readonly KnownProblem Unreachable =
        new(StatusCodes.Status503ServiceUnavailable, "The service cannot be reached", "Nothing was done. Repeat it later.");

    public static readonly KnownProblem FailedForNow = Failed with { Status = StatusCodes.Status503ServiceUnavailable };

    public static readonly KnownProblem KeyOfAnotherOrder = new(
        StatusCodes.Status422UnprocessableEntity,
        "The Idempotency-Key belongs to another order",
        "It was used for 1 of item-123. Take a new key for a new order.");

    public static readonly KnownProblem UnreadableBatch =
        KnownProblem.Unreadable with { Detail = "The body lacks 'orders'. orders must be a list of 1 to 1000 orders." };

    public static readonly KnownProblem[] OfEveryRoute =
        [KnownProblem.Invalid, TooMany, HeadersTooLarge, KnownProblem.Failed, Failed, Unreachable, FailedForNow];
}
