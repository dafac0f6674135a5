namespace DaprOrders.ServiceDefaults;

/// <summary>Gives an example of a field's value for the OpenAPI document.</summary>
/// <param name="value">The value as JSON has it: a text, a number, or null.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ExampleAttribute(object? value) : Attribute
{
    /// <summary>Gets the value.</summary>
    public object? Value { get; } = value;
}
