namespace DaprOrders.ServiceDefaults;

/// <summary>Describes the items of a list of JSON values in the OpenAPI document. Each item is read on its own, see <see cref="JsonPart"/>.</summary>
/// <param name="itemType">The type of an item.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListOfAttribute(Type itemType) : Attribute
{
    /// <summary>Gets the type of an item.</summary>
    public Type ItemType => itemType;
}
