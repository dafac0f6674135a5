using DaprOrders.ServiceDefaults;

namespace DaprOrders.NotificationService.Notifications;

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
