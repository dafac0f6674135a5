using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Reads one part of a request as strictly as a whole body, and reports errors in the same words, so that an invalid part does not affect the
/// others.
/// </summary>
public static class BodyPart
{
    /// <summary>Reads a part and validates it by the attributes of its type. <paramref name="problem"/> is the 400 that a whole body would get.</summary>
    public static bool TryRead<T>(
        JsonElement json, JsonSerializerOptions options, [NotNullWhen(true)] out T? part, [NotNullWhen(false)] out ProblemDetails? problem)
        where T : class
    {
        part = null;
        try
        {
            var read = json.Deserialize<T>(options);
            problem = read is null ? Unreadable(BadRequest.Missing) : Check(read);
            part = problem is null ? read : null;
            return part is not null;
        }
        catch (JsonException e)
        {
            problem = Unreadable(BadRequest.Explain(e, typeof(T)));
            return false;
        }
    }

    private static ProblemDetails? Check(object part)
    {
        var broken = new List<ValidationResult>();
        if (Validator.TryValidateObject(part, new ValidationContext(part), broken, validateAllProperties: true))
        {
            return null;
        }

        var errors = broken.GroupBy(result => JsonNamingPolicy.SnakeCaseLower.ConvertName(result.MemberNames.First()))
            .ToDictionary(field => field.Key, field => field.Select(result => result.ErrorMessage ?? "").ToArray());
        return new ProblemDetails
        {
            Title = KnownProblem.Invalid.Title,
            Status = StatusCodes.Status400BadRequest,
            Extensions = { ["errors"] = errors },
        };
    }

    private static ProblemDetails Unreadable(string detail) =>
        new() { Title = KnownProblem.Unreadable.Title, Status = KnownProblem.Unreadable.Status, Detail = detail };
}
