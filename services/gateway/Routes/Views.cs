using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.Gateway.Routes;

// The bodies that the gateway forwards unread, for its OpenAPI document. A test compares them with the documents of the services.

/// <summary>An order to place.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal record PlaceOrderRequest
{
    /// <summary>The item.</summary>
    /// <example>item-123</example>
    [Required, RegularExpression("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    public string ItemId { get; init; } = "";

    /// <summary>The number of units.</summary>
    /// <example>1</example>
    [Required, Range(1, 1000)]
    public int? Quantity { get; init; }
}

/// <summary>An order of a batch.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record BatchEntry : PlaceOrderRequest
{
    /// <summary>The order's own key. Without it, the key is derived from that of the request and the order's index.</summary>
    /// <example>order-4711</example>
    [RegularExpression(ServiceDefaults.IdempotencyKey.Pattern)]
    public string? IdempotencyKey { get; init; }
}

/// <summary>Orders to place.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record PlaceOrdersRequest
{
    /// <summary>The orders, 1 to 1,000.</summary>
    [Required, Length(1, 1000)]
    public IReadOnlyList<BatchEntry> Orders { get; init; } = [];
}

/// <summary>The result of a batch.</summary>
internal sealed record BatchView
{
    /// <summary>The result of each order, in the order of the request.</summary>
    public required IReadOnlyList<BatchResult> Results { get; init; }
}

/// <summary>The result of one order of a batch.</summary>
internal sealed record BatchResult
{
    /// <summary>The index of the order in the request, from 0.</summary>
    /// <example>0</example>
    public required int Index { get; init; }

    /// <summary>The HTTP status that the order would have got alone: 201 if it is placed, otherwise 400, 422, 500 or 503.</summary>
    /// <example>201</example>
    public required int Status { get; init; }

    /// <summary>The order's id, a UUID. Absent if the order is not placed.</summary>
    /// <example>0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? Id { get; init; }

    /// <summary>True if an earlier request with the same key, or an earlier entry of this one, has placed the order. Otherwise absent.</summary>
    /// <example>true</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Replayed { get; init; }

    /// <summary>The reason why the order is not placed. Absent if it is placed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProblemDetails? Problem { get; init; }
}

/// <summary>The status of an order. Only a pending order changes its status.</summary>
public enum OrderStatus
{
    /// <summary>Inventory has not decided yet.</summary>
    Pending,

    /// <summary>The units are reserved.</summary>
    Confirmed,

    /// <summary>There are not enough units, or no such item.</summary>
    Rejected,
}

/// <summary>The outcome of an order.</summary>
internal enum StockOutcome
{
    Reserved,
    Rejected,
}

/// <summary>An order as clients see it.</summary>
internal sealed record OrderView
{
    /// <summary>The order's id, a UUID.</summary>
    /// <example>0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e</example>
    public required Guid Id { get; init; }

    /// <summary>The item.</summary>
    /// <example>item-123</example>
    public required string ItemId { get; init; }

    /// <summary>The number of units, 1 to 1,000.</summary>
    /// <example>1</example>
    public required int Quantity { get; init; }

    /// <summary>The status: pending until inventory has decided, then confirmed or rejected. It never changes again.</summary>
    public required OrderStatus Status { get; init; }

    /// <summary>The reason of a rejected order: out_of_stock or unknown_item. Absent for other orders.</summary>
    /// <example>out_of_stock</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>The time at which the order was placed, UTC.</summary>
    /// <example>2026-11-23T08:20:07.502793+00:00</example>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The stock of an item as clients see it.</summary>
internal sealed record StockView
{
    /// <summary>The item.</summary>
    /// <example>item-123</example>
    public required string ItemId { get; init; }

    /// <summary>The number of units before the first order.</summary>
    /// <example>1000000</example>
    public required int Initial { get; init; }

    /// <summary>The number of units that are left.</summary>
    /// <example>999999</example>
    public required int Available { get; init; }
}

/// <summary>A notification as clients see it.</summary>
internal sealed record NotificationView
{
    /// <summary>The notification's id, a UUID.</summary>
    /// <example>0199b0c2-7e54-7a90-b7c4-5f6d2e1a9b01</example>
    public required Guid Id { get; init; }

    /// <summary>The order's id, a UUID.</summary>
    /// <example>0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e</example>
    public required Guid OrderId { get; init; }

    /// <summary>The item that was ordered.</summary>
    /// <example>item-123</example>
    public required string ItemId { get; init; }

    /// <summary>The number of units that were ordered, 1 to 1,000.</summary>
    /// <example>1</example>
    public required int Quantity { get; init; }

    /// <summary>The outcome of the order.</summary>
    public required StockOutcome Outcome { get; init; }

    /// <summary>The reason of a rejected order; otherwise null.</summary>
    /// <example>out_of_stock</example>
    public required string? Reason { get; init; }

    /// <summary>The time of the notification, UTC.</summary>
    /// <example>2026-11-23T08:20:07.973965+00:00</example>
    public required DateTimeOffset CreatedAt { get; init; }
}
