using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Text.Json;
using DaprOrders.Gateway.Access;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.Gateway.Routes;

internal static partial class OrderRoutes
{
    private const int MaxBatchBytes = 512 << 10;

    /// <summary>A part of a long wait that fits into one attempt.</summary>
    private static readonly TimeSpan MaxWaitPerCall = InvocationExtensions.AttemptTimeout / 2;

    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders").WithTags("orders").ProducesGatewayProblems();
        orders.MapPost("/", PlaceAsync).WithName("PlaceOrder").RequireAuthorization(Scopes.OrdersWrite)
            .Accepts<PlaceOrderRequest>("application/json").Produces<OrderView>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        orders.MapPost("/batch", PlaceBatchAsync).WithName("PlaceBatch").RequireAuthorization(Scopes.OrdersWrite)
            .WithMetadata(new RequestSizeLimitAttribute(MaxBatchBytes))
            .Accepts<PlaceOrdersRequest>("application/json").Produces<BatchView>()
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        orders.MapGet("/", ListAsync).WithName("ListOrders").RequireAuthorization(Scopes.OrdersRead)
            .Produces<Page<OrderView>>();
        orders.MapGet("/{id}", GetAsync).WithName("GetOrder").RequireAuthorization(Scopes.OrdersRead)
            .Produces<OrderView>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>Places an order.</summary>
    /// <response code="201">The order is stored. Inventory has not decided yet.</response>
    internal static async Task<IResult> PlaceAsync(
        [FromHeader(Name = IdempotencyKey.Header), Description("Makes the request safe to retry: requests with the same key place one order.")]
        IdempotencyKey? key, // assigned by the middleware; documented and validated here
        HttpRequest request, OrderClient orders, ILogger<OrderClient> logger, CancellationToken cancellationToken)
    {
        var response = await ForwardAsync(request, orders, "orders", cancellationToken);
        if (response.StatusCode is HttpStatusCode.Created)
        {
            LogPlaced(logger, response.Headers.Location?.ToString().Split('/')[^1]);
        }

        return new ForwardedResult(response);
    }

    /// <summary>Places up to 1,000 orders. Each order gets its own result.</summary>
    /// <response code="200">The batch was processed. Each order has its own status.</response>
    internal static async Task<IResult> PlaceBatchAsync(
        [FromHeader(Name = IdempotencyKey.Header), Description("Makes the request safe to retry. An entry without its own key gets one from this key and its index.")]
        BatchIdempotencyKey? key,
        HttpRequest request, OrderClient orders, ILogger<OrderClient> logger, CancellationToken cancellationToken)
    {
        var response = await ForwardAsync(request, orders, "orders/batch", cancellationToken);
        if (response.StatusCode is HttpStatusCode.OK)
        {
            LogPlacedBatch(logger, IdempotencyKeyMiddleware.KeyOf(request.HttpContext));
        }

        return new ForwardedResult(response);
    }

    /// <summary>Lists orders, newest first.</summary>
    /// <param name="status" example="confirmed">The status of the orders to list. Without it, all orders are listed.</param>
    /// <param name="limit" example="10">The largest number of items of the page. Without it, 50.</param>
    /// <param name="cursor" example="CN6Tu3xyRgABmbDCfip8Pp0fK4-mWk0-">The value of next in the previous page. Without it, the first page.</param>
    internal static Task<IResult> ListAsync(
        StatusFilter? status, PageLimit? limit, string? cursor, HttpRequest request, OrderClient orders, CancellationToken cancellationToken) =>
        orders.ForwardAsync("orders", request, cancellationToken);

    /// <summary>Reads an order, or waits until it is settled.</summary>
    /// <param name="id" example="0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e">The order's id, a UUID.</param>
    /// <param name="wait" example="5s">How long to wait while the order is pending, at most 30s. Without it, the response is immediate.</param>
    internal static async Task<IResult> GetAsync(
        OrderId id, WaitTime? wait, OrderClient orders, TimeProvider time, CancellationToken cancellationToken)
    {
        // A long wait takes several calls, each shorter than an attempt. If the service dies, the next call reaches another instance.
        var started = time.GetTimestamp();
        while (true)
        {
            var remaining = (wait?.Value ?? TimeSpan.Zero) - time.GetElapsedTime(started);
            var waitNow = TimeSpan.FromTicks(Math.Clamp(remaining.Ticks, 0, MaxWaitPerCall.Ticks));
            var milliseconds = ((int)waitNow.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
            var response = await orders.GetAsync($"orders/{id.Value}?wait={milliseconds}ms", cancellationToken);
            if (waitNow < MaxWaitPerCall || !await IsPendingAsync(response, cancellationToken))
            {
                return new ForwardedResult(response);
            }

            response.Dispose();
        }
    }

    /// <summary>Forwards a POST with its unread body, and with the key that the gateway assigned.</summary>
    private static async Task<HttpResponseMessage> ForwardAsync(
        HttpRequest request, OrderClient orders, string path, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        using var message = new HttpRequestMessage(HttpMethod.Post, path);
        message.Content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
        if (request.ContentType is { } contentType)
        {
            message.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        message.Headers.Add(IdempotencyKey.Header, IdempotencyKeyMiddleware.KeyOf(request.HttpContext));
        return await orders.SendAsync(message, cancellationToken);
    }

    private static async Task<bool> IsPendingAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is not HttpStatusCode.OK)
        {
            return false;
        }

        await response.Content.LoadIntoBufferAsync(cancellationToken);
        var order = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return order.TryGetProperty("status", out var status) && status.ValueEquals("pending");
    }

    [LoggerMessage(LogLevel.Debug, "Placed order {OrderId}")]
    private static partial void LogPlaced(ILogger logger, string? orderId);

    [LoggerMessage(LogLevel.Information, "Placed a batch of orders with the key {IdempotencyKey}")]
    private static partial void LogPlacedBatch(ILogger logger, string? idempotencyKey);
}
