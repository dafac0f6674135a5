using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.Gateway.Routes;

// What the gateway's OpenAPI document says of the bodies that it passes on unread. A test holds them to be those of the services.
internal record PlaceOrderRequest(
    [property: Description("The item."), Example("item-123"), RegularExpression("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] string ItemId,
    [property: Description("How many pieces."), Example(1), Range(1, 1000)] int Quantity);

internal sealed record BatchEntry(string ItemId, int Quantity) : PlaceOrderRequest(ItemId, Quantity)
{
    [Description("The order's own key; without one it is that of the request with the order's place, as key/0 and so on."), Example("order-4711")]
    [MinLength(1), RegularExpression(ServiceDefaults.IdempotencyKey.Pattern)]
    public string? IdempotencyKey { get; init; }
}

internal sealed record PlaceBatchRequest([property: Description("The orders, 1 to 1,000."), Length(1, 1000)] IReadOnlyList<BatchEntry> Orders);

internal sealed record BatchResult(
    [property: Description("The order's place in the request, from 0."), Example(0)] int Index,
    [property: Description("The HTTP status that the order would have got alone: 201 when it is placed, 400, 422, 500 or 503."), Example(201)] int Status,
    [property: Description("The order's id, a UUID; only there when it is placed."), Example("0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    Guid? Id,
    [property: Description("True when an earlier request, or an earlier order of this one, placed it; else not there."), Example(true)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    bool? Replayed,
    [property: Description("Why it is not placed; only there when it is not.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ProblemDetails? Problem);

internal sealed record BatchView([property: Description("What became of each order, in the order of the request.")] IReadOnlyList<BatchResult> Results);

internal enum OrderStatus
{
    Pending,
    Confirmed,
    Rejected,
}

internal enum StockOutcome
{
    Reserved,
    Rejected,
}

internal sealed record OrderView(
    [property: Description("The order's id, a UUID."), Example("0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e")] Guid Id,
    [property: Description("The item."), Example("item-123")] string ItemId,
    [property: Description("How many pieces, 1 to 1,000."), Example(1)] int Quantity,
    [property: Description("Where the order stands: pending until inventory has answered, then confirmed or rejected for good.")] OrderStatus Status,
    [property: Description("Why it was rejected; only there when it was."), Example("out_of_stock")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    string? Reason,
    [property: Description("When it was placed, UTC."), Example("2026-11-23T08:20:07.502793+00:00")] DateTimeOffset CreatedAt);

internal sealed record StockView(
    [property: Description("The item."), Example("item-123")] string ItemId,
    [property: Description("How many pieces there were before the first order."), Example(1_000_000)] int Initial,
    [property: Description("How many pieces are left."), Example(999_999)] int Available);

internal sealed record NotificationView(
    [property: Description("The notification's id, a UUID."), Example("0199b0c2-7e54-7a90-b7c4-5f6d2e1a9b01")] Guid Id,
    [property: Description("The order's id, a UUID."), Example("0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e")] Guid OrderId,
    [property: Description("The item that was ordered."), Example("item-123")] string ItemId,
    [property: Description("How many pieces were ordered, 1 to 1,000."), Example(1)] int Quantity,
    [property: Description("What came of the order.")] StockOutcome Outcome,
    [property: Description("Why it was rejected, else null."), Example(null)] string? Reason,
    [property: Description("When the customer was told, UTC."), Example("2026-11-23T08:20:07.973965+00:00")] DateTimeOffset CreatedAt);
