using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace DaprOrders.ServiceDefaults;

/// <summary>Describes what is wrong with a request that could not be read, and where, without the names of our types.</summary>
internal static partial class BadRequest
{
    public const string Missing = "The body is missing: it must be a JSON object.";

    public static string? Explain(BadHttpRequestException exception, Endpoint? endpoint) => exception switch
    {
        { InnerException: JsonException json } => Explain(json, endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType),
        { Message: var message } when NoBody().IsMatch(message) => Missing,
        _ => null,
    };

    public static string Explain(JsonException json, Type? request)
    {
        if (Lacking().Match(json.Message) is { Success: true } lacking)
        {
            var fields = lacking.Groups[1].Value;
            return $"The body lacks {fields}.{string.Concat(fields.Split(", ").Select(field => Rule(request, field.Trim('\''))))}";
        }

        if (Unknown().Match(json.Message) is { Success: true } unknown)
        {
            return $"The body has an unknown field {unknown.Groups[1].Value}.";
        }

        if (Twice().Match(json.Message) is { Success: true } twice)
        {
            return $"The body has the field {twice.Groups[1].Value} twice.";
        }

        return json.Path is ['$', '.', .. var path]
            ? $"The field {path} has a value of the wrong kind{Position(json)}.{Rule(request, path)}"
            : $"The body is no JSON of the right form{Position(json)}.";
    }

    /// <summary>Adds the detail to problems that are reported before the body is read.</summary>
    public static void Complete(ProblemDetailsContext context)
    {
        var largest = context.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
        {
            StatusCodes.Status413PayloadTooLarge => $"The body must be at most {largest} bytes.",
            StatusCodes.Status415UnsupportedMediaType => "The header Content-Type must be application/json, in UTF-8.",
            _ => null,
        };
    }

    /// <summary>Rejects a body that is not UTF-8: the framework converts the encodings that it knows and fails on the others.</summary>
    public static Task RefuseCharsetAsync(HttpContext context, RequestDelegate next)
    {
        var isRead = context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is not null;
        if (isRead && context.Request.GetTypedHeaders().ContentType is { Charset.Length: > 0 } type
            && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType; // UseStatusCodePages makes it a problem
            return Task.CompletedTask;
        }

        return next(context);
    }

    /// <summary>Returns the validation messages declared on the field, so that a value of the wrong type gets the same message as one out of range.</summary>
    private static string Rule(Type? request, string field) => string.Concat(
        request?.GetProperties()
            .Where(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name) == field)
            .SelectMany(property => property.GetCustomAttributes<ValidationAttribute>())
            .Where(rule => rule.ErrorMessage is not null)
            .Select(rule => $" {rule.ErrorMessage}") ?? []);

    private static string Position(JsonException json) => json is { LineNumber: { } line, BytePositionInLine: { } column }
        ? $", at line {line + 1}, byte {column + 1}"
        : "";

    [GeneratedRegex("missing required properties including: (.+?)\\.$")]
    private static partial Regex Lacking();

    [GeneratedRegex("The JSON property ('.+?') could not be mapped")]
    private static partial Regex Unknown();

    [GeneratedRegex("no body was provided|was not provided from body")]
    private static partial Regex NoBody();

    [GeneratedRegex("Duplicate property ('.+?') encountered")]
    private static partial Regex Twice();
}
