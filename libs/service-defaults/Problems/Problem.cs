using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.ServiceDefaults;

/// <summary>A kind of problem (RFC 9457) in a response. Clients match on the type; the title and the detail are for people and may change.</summary>
/// <param name="Code">The last part of the type.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">What is wrong, in a few words.</param>
/// <param name="Detail">What to do next; null if that depends on the request.</param>
public sealed record Problem(string Code, int Status, string Title, string? Detail = null)
{
    /// <summary>The first part of the type of each problem.</summary>
    public const string TypePrefix = "urn:dapr-orders:problem:";

    /// <summary>A parameter, a header or a field has a value that is not allowed. <c>errors</c> contains a message for each.</summary>
    public static Problem Validation { get; } = new("validation", StatusCodes.Status400BadRequest, "Invalid request", "Correct the values that are listed in errors.");

    /// <summary>The body is not JSON, or is JSON with a different structure.</summary>
    public static Problem MalformedBody { get; } = new("malformed-body", StatusCodes.Status400BadRequest, "Malformed request body");

    /// <summary>The server refused the request for another reason, which the status tells.</summary>
    public static Problem Refused { get; } = new("refused", StatusCodes.Status400BadRequest, "Request refused");

    /// <summary>The route requires a token, and the request has none or another one.</summary>
    public static Problem Unauthorized { get; } = new("unauthorized", StatusCodes.Status401Unauthorized, "Unauthorized", "Send the token that the route requires.");

    /// <summary>The caller is not allowed to use the route.</summary>
    public static Problem Forbidden { get; } = new("forbidden", StatusCodes.Status403Forbidden, "Forbidden", "The route is not for this caller.");

    /// <summary>There is no such resource.</summary>
    public static Problem NotFound { get; } = new("not-found", StatusCodes.Status404NotFound, "Not found");

    /// <summary>The route does not support the method. The header <c>Allow</c> lists those that it supports.</summary>
    public static Problem MethodNotAllowed { get; } = new("method-not-allowed", StatusCodes.Status405MethodNotAllowed, "Method not allowed");

    /// <summary>The body is larger than the route accepts.</summary>
    public static Problem BodyTooLarge { get; } = new("body-too-large", StatusCodes.Status413PayloadTooLarge, "Request body too large");

    /// <summary>The body is not JSON according to its headers, or not in UTF-8.</summary>
    public static Problem UnsupportedMediaType { get; } = new(
        "unsupported-media-type", StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", "Send the body with the header Content-Type: application/json, in UTF-8.");

    /// <summary>The service failed, and the same request will probably fail again.</summary>
    public static Problem InternalError { get; } = new(
        "internal-error", StatusCodes.Status500InternalServerError, "Internal error", "The service failed. Its log contains the reason.");

    /// <summary>The service cannot process the request at the moment. The header <c>Retry-After</c> tells when to retry.</summary>
    public static Problem Unavailable { get; } = new(
        "unavailable", StatusCodes.Status503ServiceUnavailable, "Service unavailable", "The service is overloaded or cannot reach its database. Retry the same request later.");

    private static readonly Problem[] ByStatus = [Unauthorized, Forbidden, NotFound, MethodNotAllowed, BodyTooLarge, UnsupportedMediaType, Unavailable];

    /// <summary>Gets the type: <c>urn:dapr-orders:problem:&lt;code&gt;</c>.</summary>
    public string Type => TypePrefix + Code;

    /// <summary>Creates the problem details.</summary>
    /// <param name="detail">The detail, if it depends on the request.</param>
    public ProblemDetails ToDetails(string? detail = null) => new() { Type = Type, Title = Title, Status = Status, Detail = detail ?? Detail };

    /// <summary>Creates the response.</summary>
    /// <param name="detail">The detail, if it depends on the request.</param>
    public ProblemHttpResult ToResult(string? detail = null) => TypedResults.Problem(ToDetails(detail));

    /// <summary>Writes the response, from middleware or an exception handler.</summary>
    /// <param name="context">The request.</param>
    /// <param name="detail">The detail, if it depends on the request.</param>
    /// <returns>Always true, for an exception handler to return.</returns>
    public async ValueTask<bool> WriteAsync(HttpContext context, string? detail = null)
    {
        await ToResult(detail).ExecuteAsync(context);
        return true;
    }

    /// <summary>Returns the problem of a status that the framework responds with.</summary>
    internal static Problem OfStatus(int status) =>
        Array.Find(ByStatus, known => known.Status == status) ?? (status >= 500 ? InternalError with { Status = status } : Refused with { Status = status });

    /// <summary>
    /// Completes the problems that the framework creates: from a status code, from validation and from an unhandled exception. A problem with a
    /// detail was created by a route, and only gets a type.
    /// </summary>
    internal static void Complete(ProblemDetails details, string? limit)
    {
        if (details.Type?.StartsWith(TypePrefix, StringComparison.Ordinal) is true)
        {
            return;
        }

        var problem = details is HttpValidationProblemDetails ? Validation : OfStatus(details.Status ?? StatusCodes.Status500InternalServerError);
        details.Type = problem.Type;
        details.Title = details.Detail is null ? problem.Title : details.Title;
        details.Detail ??= problem.Status == BodyTooLarge.Status ? limit : problem.Detail;
    }
}
