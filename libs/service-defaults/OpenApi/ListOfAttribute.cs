namespace DaprOrders.ServiceDefaults;

/// <summary>Says in the OpenAPI document what the entries of a list are that is bound as JSON, since each is read by itself.</summary>
/// <param name="entry">The type of an entry.</param>
/// <seealso cref="BodyPart"/>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListOfAttribute(Type entry) : Attribute
{
    /// <summary>Gets the type of an entry.</summary>
    public Type Entry { get; } = entry;
}
