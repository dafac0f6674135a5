using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.Hosting;

/// <summary>Says what is wrong with a request that could not be read, and where, in the API's own words instead of those of our types.</summary>
internal static partial class BadRequest
{
    public static string Explain(BadHttpRequestException exception) => exception.InnerException switch
    {
        JsonException json when Missing().Match(json.Message) is { Success: true } missing => $"The body lacks {missing.Groups[1].Value}.",
        JsonException json when Unknown().Match(json.Message) is { Success: true } unknown => $"The body has an unknown field {unknown.Groups[1].Value}.",
        JsonException { Path: ['$', '.', .. var field] } => $"The field {field} has a value of the wrong kind{Position(exception.InnerException)}.",
        JsonException => $"The body is no JSON of the right form{Position(exception.InnerException)}.",
        null when exception.Message.EndsWith("was not provided from body.", StringComparison.Ordinal) => "The body is missing: it must be a JSON object.",
        _ => exception.Message,
    };

    private static string Position(Exception? exception) => exception is JsonException { LineNumber: { } line, BytePositionInLine: { } column }
        ? $", at line {line + 1}, byte {column + 1}"
        : "";

    [GeneratedRegex("missing required properties including: (.+?)\\.$")]
    private static partial Regex Missing();

    [GeneratedRegex("The JSON property ('.+?') could not be mapped")]
    private static partial Regex Unknown();
}
