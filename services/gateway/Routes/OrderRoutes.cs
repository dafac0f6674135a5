using System.Globalization;
using System.Net;
using System.Text.Json;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.Gateway.Routes;

internal static partial class OrderRoutes
{
    private const int LargestBatch = 512 << 10;

    /// <summary>A part of a long wait that fits into one attempt.</summary>
    private static readonly TimeSpan LongestAsk = InvocationServices.AttemptTimeout / 2;

    private static readonly KnownParameter Id = new("id", "The order's id, a UUID.", "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e");

    private static readonly KnownParameter Status = new("status", "Only the orders that stand there.", "confirmed")
    {
        Words = [.. Enum.GetValues<OrderStatus>().Select(SnakeCase.ToSnakeCase)],
    };

    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders").MayAnswer(GatewayProblems.OfEveryRoute);
        orders.MapPost("/", PlaceAsync).WithName("PlaceOrder").WithSummary("Places an order.")
            .Takes(KnownParameter.Key).TakesBody<PlaceOrderRequest>().Produces<OrderView>(StatusCodes.Status201Created)
            .MayAnswer(KnownProblem.Unreadable, KnownProblem.TooLarge, KnownProblem.NotJson, GatewayProblems.KeyOfAnotherOrder);
        orders.MapPost("/batch", PlaceBatchAsync).WithName("PlaceBatch").WithSummary("Places up to 1,000 orders, each of which is answered by itself.")
            .WithMetadata(new RequestSizeLimitAttribute(LargestBatch))
            .Takes(KnownParameter.BatchKey).TakesBody<PlaceBatchRequest>().Produces<BatchView>()
            .MayAnswer(GatewayProblems.UnreadableBatch, KnownProblem.TooLarge with { Detail = $"The body must be at most {LargestBatch} bytes." }, KnownProblem.NotJson);
        orders.MapGet("/", ListAsync).WithName("ListOrders").WithSummary("Lists orders, newest first.")
            .Takes(Status, KnownParameter.Limit, KnownParameter.Cursor).Produces<Page<OrderView>>();
        orders.MapGet("/{id}", GetAsync).WithName("GetOrder").WithSummary("Reads an order, or waits until it is settled.")
            .Takes(Id, KnownParameter.Wait).Produces<OrderView>().MayAnswer(KnownProblem.NotFound);
    }

    private static async Task<IResult> PlaceAsync(
        HttpRequest request, OrderApp app, ILogger<OrderApp> logger, CancellationToken cancellationToken)
    {
        var answer = await PassOnAsync(request, app, "orders", cancellationToken);
        if (answer.StatusCode is HttpStatusCode.Created)
        {
            LogPlaced(logger, answer.Headers.Location?.ToString().Split('/')[^1]);
        }

        return new PassedOn(answer);
    }

    private static async Task<IResult> PlaceBatchAsync(
        HttpRequest request, OrderApp app, ILogger<OrderApp> logger, CancellationToken cancellationToken)
    {
        var answer = await PassOnAsync(request, app, "orders/batch", cancellationToken);
        if (answer.StatusCode is HttpStatusCode.OK)
        {
            LogBatch(logger, RequestKey.Of(request.HttpContext));
        }

        return new PassedOn(answer);
    }

    /// <summary>Passes a POST on with its body as it came and the key under which it is carried out.</summary>
    private static async Task<HttpResponseMessage> PassOnAsync(
        HttpRequest request, OrderApp app, string path, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        using var message = new HttpRequestMessage(HttpMethod.Post, path);
        message.Content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
        if (request.ContentType is { } contentType)
        {
            message.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        message.Headers.Add(IdempotencyKey.Header, RequestKey.Of(request.HttpContext));
        return await app.SendAsync(message, cancellationToken);
    }

    private static Task<IResult> ListAsync(HttpRequest request, OrderApp app, CancellationToken cancellationToken) =>
        Lists.GetAsync(request, app, "orders", cancellationToken);

    /// <summary>A wait is cut into parts, each shorter than an attempt may take, so that a service that died meanwhile is asked anew.</summary>
    private static async Task<IResult> GetAsync(
        string id, string? wait, OrderApp app, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Parameters.TryParseUuid(id, out var orderId))
        {
            return Parameters.InvalidUuid(nameof(id));
        }

        if (!Parameters.TryParseWait(wait, out var patience))
        {
            return Parameters.InvalidWait(nameof(wait));
        }

        var started = time.GetTimestamp();
        while (true)
        {
            var left = patience - time.GetElapsedTime(started);
            var ask = left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestAsk ? left : LongestAsk;
            var milliseconds = ((int)ask.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
            var answer = await app.GetAsync($"orders/{orderId}?wait={milliseconds}ms", cancellationToken);
            if (ask < LongestAsk || !await IsPendingAsync(answer, cancellationToken))
            {
                return new PassedOn(answer);
            }

            answer.Dispose();
        }
    }

    private static async Task<bool> IsPendingAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode is not HttpStatusCode.OK)
        {
            return false;
        }

        await answer.Content.LoadIntoBufferAsync(cancellationToken);
        var order = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return order.TryGetProperty("status", out var status) && status.ValueEquals("pending");
    }

    [LoggerMessage(LogLevel.Information, "Took order {OrderId}")]
    private static partial void LogPlaced(ILogger logger, string? orderId);

    [LoggerMessage(LogLevel.Information, "Took a batch of orders, key {Key}")]
    private static partial void LogBatch(ILogger logger, string? key);
}
