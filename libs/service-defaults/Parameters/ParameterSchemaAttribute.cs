namespace DaprOrders.ServiceDefaults;

/// <summary>Describes a <see cref="RequestParameter"/> in the OpenAPI document. Without it, the schema is an arbitrary string.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ParameterSchemaAttribute : Attribute
{
    /// <summary>Gets or sets the least value of a whole number. Only used together with <see cref="Maximum"/>.</summary>
    public int Minimum { get; set; }

    /// <summary>Gets or sets the greatest value of a whole number; 0 for a string.</summary>
    public int Maximum { get; set; }

    /// <summary>Gets or sets the regular expression that a string matches.</summary>
    public string? Pattern { get; set; }

    /// <summary>Gets or sets the enum whose values, in snake_case, are allowed.</summary>
    public Type? Values { get; set; }
}
