using System.ComponentModel.DataAnnotations;

namespace DaprOrders.ServiceDefaults;

/// <summary>A validation attribute that describes the values that it allows.</summary>
public interface IAllowedValues
{
    /// <summary>Gets the values that are allowed, as in "quantity must be {allowed}".</summary>
    string Allowed { get; }
}

/// <summary>Requires a whole number within bounds. The error contains the bounds and the value that was sent.</summary>
/// <param name="minimum">The least value.</param>
/// <param name="maximum">The greatest value.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class WholeNumberAttribute(int minimum, int maximum) : RangeAttribute(minimum, maximum), IAllowedValues
{
    /// <inheritdoc/>
    public string Allowed => $"a whole number from {Minimum} to {Maximum}";

    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        ArgumentNullException.ThrowIfNull(validationContext);
        return IsValid(value) ? ValidationResult.Success : InvalidValue.OfProperty(validationContext, Allowed, value);
    }
}

/// <summary>Requires a string that matches a regular expression. The error contains a description and the value that was sent.</summary>
/// <param name="pattern">The regular expression.</param>
/// <param name="allowed">The values that it matches, in words.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TextAttribute(string pattern, string allowed) : RegularExpressionAttribute(pattern), IAllowedValues
{
    /// <inheritdoc/>
    public string Allowed => allowed;

    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        ArgumentNullException.ThrowIfNull(validationContext);
        return value is not "" && IsValid(value) ? ValidationResult.Success : InvalidValue.OfProperty(validationContext, Allowed, value);
    }
}

/// <summary>Requires a list of a certain length. The error contains the bounds and the length that was sent.</summary>
/// <param name="minimum">The least number of items.</param>
/// <param name="maximum">The greatest number of items.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ItemCountAttribute(int minimum, int maximum) : LengthAttribute(minimum, maximum), IAllowedValues
{
    /// <inheritdoc/>
    public string Allowed => $"a list of {MinimumLength} to {MaximumLength} items";

    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        ArgumentNullException.ThrowIfNull(validationContext);
        return IsValid(value) ? ValidationResult.Success : InvalidValue.OfProperty(validationContext, Allowed, value);
    }
}
