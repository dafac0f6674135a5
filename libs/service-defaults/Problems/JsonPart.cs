using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Reads and validates one entry of a list in a request body, so that an invalid entry does not affect the others. The framework can only refuse
/// the whole body.
/// </summary>
public static class JsonPart
{
    /// <summary>Reads an entry and validates it by the attributes of its type.</summary>
    /// <param name="json">The entry.</param>
    /// <param name="options">The options with which bodies are read.</param>
    /// <param name="part">The entry, if it is valid.</param>
    /// <param name="problem">The problem that a body like this entry would get, if it is invalid.</param>
    public static bool TryRead<T>(
        JsonElement json, JsonSerializerOptions options, [NotNullWhen(true)] out T? part, [NotNullWhen(false)] out ProblemDetails? problem)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(options);
        part = null;
        try
        {
            var read = json.Deserialize<T>(options);
            problem = read is null ? Problem.MalformedBody.ToDetails(MalformedBody.Missing) : Validate(read);
            part = problem is null ? read : null;
            return part is not null;
        }
        catch (JsonException e)
        {
            problem = Problem.MalformedBody.ToDetails(MalformedBody.Describe(e, typeof(T), options));
            return false;
        }
    }

    private static ProblemDetails? Validate(object part)
    {
        var results = new List<ValidationResult>();
        if (Validator.TryValidateObject(part, new ValidationContext(part), results, validateAllProperties: true))
        {
            return null;
        }

        var problem = Problem.Validation.ToDetails();
        problem.Extensions["errors"] = results
            .GroupBy(result => JsonNamingPolicy.SnakeCaseLower.ConvertName(result.MemberNames.First()))
            .ToDictionary(field => field.Key, field => field.Select(result => result.ErrorMessage ?? "").ToArray());
        return problem;
    }
}
