using DaprOrders.ServiceDefaults;

namespace DaprOrders.OrderService.Orders;

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

/// <summary>The status of the orders of a list.</summary>
[ParameterSchema(Values = typeof(OrderStatus))]
public sealed record StatusFilter(OrderStatus Value) : RequestParameter("status", "one of pending, confirmed, rejected")
{
    /// <summary>Parses the status. Always returns true.</summary>
    public static bool TryParse(string? text, out StatusFilter filter)
    {
        filter = SnakeCase.TryParse<OrderStatus>(text, out var value) ? new StatusFilter(value) : new StatusFilter(default(OrderStatus)) { Malformed = text };
        return true;
    }
}
