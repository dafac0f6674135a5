using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.ServiceDefaults;

/// <summary>A problem (RFC 9457) that a route may answer. Clients tell it from others by status and title; the detail is for people.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">What is wrong, the same words each time.</param>
/// <param name="Detail">An example of what is said of the single case, or null where nothing is.</param>
public sealed record KnownProblem(int Status, string Title, string? Detail = null)
{
    /// <summary>A parameter, a header or a field is not what it must be; <c>errors</c> names it and the rule.</summary>
    public static KnownProblem Invalid { get; } = new(StatusCodes.Status400BadRequest, "One or more validation errors occurred.");

    /// <summary>The request is no JSON, or JSON of another form.</summary>
    public static KnownProblem Unreadable { get; } =
        new(StatusCodes.Status400BadRequest, "The request cannot be read", "The body lacks 'quantity'.");

    /// <summary>There is no such thing.</summary>
    public static KnownProblem NotFound { get; } = new(StatusCodes.Status404NotFound, "Not Found");

    /// <summary>The body is larger than the service takes.</summary>
    public static KnownProblem TooLarge { get; } =
        new(StatusCodes.Status413PayloadTooLarge, "The request cannot be read", "The body must be at most 65536 bytes.");

    /// <summary>The body is no JSON by its header, or in another encoding.</summary>
    public static KnownProblem NotJson { get; } = new(
        StatusCodes.Status415UnsupportedMediaType, "Unsupported Media Type", "The header Content-Type must be application/json, in UTF-8.");

    /// <summary>Somebody's mistake, of which only the log tells more.</summary>
    public static KnownProblem Failed { get; } =
        new(StatusCodes.Status500InternalServerError, "The service failed", "The reason is in its log.");

    /// <summary>The database is away; <c>Retry-After</c> says when to try again.</summary>
    public static KnownProblem Unavailable { get; } = new(
        StatusCodes.Status503ServiceUnavailable,
        "Not available now",
        "The service cannot reach its database, or lost a race. The same request may well pass later.");

    /// <summary>An example of the body, as the framework completes it.</summary>
    /// <param name="parameter">What is not what it must be, if that is the problem.</param>
    internal JsonNode Example(string parameter)
    {
        object problem = this == Invalid
            ? TypedResults.ValidationProblem(new Dictionary<string, string[]> { [parameter] = [$"{parameter} must be …"] }).ProblemDetails
            : TypedResults.Problem(statusCode: Status, title: Title, detail: Detail).ProblemDetails;
        return JsonSerializer.SerializeToNode(problem, JsonSerializerOptions.Web)!;
    }
}

/// <summary>What a route says of its problems.</summary>
public static class ProblemConventions
{
    /// <summary>Documents problems of the route, or of all routes of a group. It changes nothing of what they do.</summary>
    /// <typeparam name="TBuilder">A route or a group.</typeparam>
    /// <param name="route">The route or group.</param>
    /// <param name="problems">The problems.</param>
    /// <returns>The same route or group.</returns>
    public static TBuilder MayAnswer<TBuilder>(this TBuilder route, params KnownProblem[] problems)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata([.. problems]);
}
