using System.ComponentModel.DataAnnotations;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// A parameter or header of a request that is parsed by a <c>TryParse</c> method that never fails. Validation then refuses a malformed value
/// under the name of the parameter, which the framework does not do for values that it cannot parse.
/// </summary>
/// <param name="Name">The name of the parameter or header, for the error.</param>
/// <param name="Allowed">The values that are allowed, as in "limit must be {allowed}".</param>
public abstract record RequestParameter(string Name, string Allowed) : IValidatableObject
{
    /// <summary>Gets the text that the request sent if it is not allowed; otherwise null.</summary>
    public string? Malformed { get; init; }

    /// <summary>Parses a UUID in its usual form, without white space around it, which <see cref="Guid"/> would accept.</summary>
    protected static bool TryParseUuid(string? text, out Guid id)
    {
        id = Guid.Empty;
        return text is { Length: 36 } && Guid.TryParseExact(text, "D", out id);
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Malformed is null ? [] : [new ValidationResult(InvalidValue.Describe(Name, Allowed, Malformed), [Name])];
}
