using System.Text.RegularExpressions;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Routes;

/// <summary>The id of an order, a UUID.</summary>
public sealed record OrderId(Guid Value) : RequestParameter("id", "a UUID like 0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e")
{
    /// <summary>Parses the id. Always returns true.</summary>
    public static bool TryParse(string? text, out OrderId id)
    {
        id = TryParseUuid(text, out var value) ? new OrderId(value) : new OrderId(Guid.Empty) { Malformed = text };
        return true;
    }
}

/// <summary>The order whose notifications a list contains.</summary>
public sealed record OrderFilter(Guid Value) : RequestParameter("order_id", "a UUID like 0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e")
{
    /// <summary>Parses the id of the order. Always returns true.</summary>
    public static bool TryParse(string? text, out OrderFilter filter)
    {
        filter = TryParseUuid(text, out var id) ? new OrderFilter(id) : new OrderFilter(Guid.Empty) { Malformed = text };
        return true;
    }
}

/// <summary>The id of an item. It becomes part of a path that Dapr decodes and cleans: other characters would reach other routes.</summary>
[ParameterSchema(Pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
public sealed partial record ItemId(string Value)
    : RequestParameter("item_id", "1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and start with a letter or digit")
{
    /// <summary>Parses the id. Always returns true.</summary>
    public static bool TryParse(string? text, out ItemId id)
    {
        id = Pattern().IsMatch(text ?? "") ? new ItemId(text!) : new ItemId("") { Malformed = text };
        return true;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Pattern();
}

/// <summary>The status of the orders of a list.</summary>
[ParameterSchema(Values = typeof(OrderStatus))]
public sealed record StatusFilter(string Value) : RequestParameter("status", "one of pending, confirmed, rejected")
{
    /// <summary>Parses the status. Always returns true.</summary>
    public static bool TryParse(string? text, out StatusFilter filter)
    {
        filter = SnakeCase.TryParse<OrderStatus>(text, out _) ? new StatusFilter(text!) : new StatusFilter("") { Malformed = text };
        return true;
    }
}
