using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// A part of a request that is read by itself: as strictly as if it were the whole body, and refused in the same words, but one that is wrong
/// harms no other.
/// </summary>
public static class BodyPart
{
    /// <summary>Reads a part and checks it by the attributes of its type.</summary>
    /// <typeparam name="T">What it must be.</typeparam>
    /// <param name="json">The part.</param>
    /// <param name="options">The options of the API.</param>
    /// <param name="part">What was read.</param>
    /// <param name="problem">What is wrong with it: the 400 that it would have got as a body.</param>
    /// <returns>Whether it is one.</returns>
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
