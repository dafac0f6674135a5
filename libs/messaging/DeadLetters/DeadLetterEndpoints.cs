using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging;

/// <summary>
/// Maps the routes of an operator on this machine: <c>GET /dead-letters</c>, <c>POST /dead-letters/{id}/redrive</c> and
/// <c>DELETE /dead-letters/{id}</c>. Requests from another machine and by service invocation get 404.
/// </summary>
internal static class DeadLetterEndpoints
{
    private const int LargestPage = 200;

    public static void Map(IEndpointRouteBuilder app)
    {
        var letters = app.MapGroup("/dead-letters").AddEndpointFilter(RefuseStrangersAsync).ExcludeFromDescription(); // no part of the contract
        letters.MapGet("/", ListAsync).WithSummary("Lists dead letters, newest first.");
        letters.MapPost("/{id:long}/redrive", RedriveAsync).WithSummary("Handles or republishes the event, and deletes the dead letter if that succeeds.");
        letters.MapDelete("/{id:long}", DeleteAsync).WithSummary("Deletes a dead letter. Its event is lost.");
    }

    /// <summary>Rejects requests of Dapr too: they come from this machine, and name the app that they come from.</summary>
    private static async ValueTask<object?> RefuseStrangersAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext.Request;
        var isLocal = context.HttpContext.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address);
        return isLocal && !request.Headers.ContainsKey("dapr-caller-app-id") && !request.Headers.ContainsKey("X-Forwarded-For")
            ? await next(context)
            : TypedResults.NotFound();
    }

    private static async Task<IResult> ListAsync(DbContext db, CancellationToken cancellationToken, int limit = 50, long cursor = long.MaxValue)
    {
        if (limit is < 1 or > LargestPage)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["limit"] = [$"limit must be 1 to {LargestPage}."] });
        }

        var letters = await db.Set<DeadLetter>().AsNoTracking()
            .Where(letter => letter.Id < cursor)
            .OrderByDescending(letter => letter.Id)
            .Take(limit)
            .ToListAsync(cancellationToken);
        var next = letters.Count == limit ? $"{letters[^1].Id}" : null;
        return TypedResults.Json(new DeadLetterList(letters.ConvertAll(View), next), EventJson.Options);
    }

    private static async Task<IResult> RedriveAsync(long id, DeadLetterRedriver redrive, CancellationToken cancellationToken) =>
        await redrive.RunAsync(id, cancellationToken) switch
        {
            { NotFound: true } => TypedResults.NotFound(),
            { Failure: { } failure } => TypedResults.Problem(
                statusCode: StatusCodes.Status409Conflict, title: "The event failed again", detail: $"It stays a dead letter: {failure}"),
            _ => TypedResults.NoContent(),
        };

    private static async Task<IResult> DeleteAsync(long id, DbContext db, CancellationToken cancellationToken) =>
        await db.Set<DeadLetter>().Where(letter => letter.Id == id).ExecuteDeleteAsync(cancellationToken) == 1
            ? TypedResults.NoContent()
            : TypedResults.NotFound();

    private static DeadLetterView View(DeadLetter letter)
    {
        var isText = System.Text.Unicode.Utf8.IsValid(letter.Event);
        return new DeadLetterView(
            letter.Id, letter.Direction, letter.Topic, letter.EventId, letter.Reason, letter.Attempts, letter.FirstAt, letter.LastAt,
            isText ? Encoding.UTF8.GetString(letter.Event) : null,
            isText ? null : letter.Event);
    }

    private sealed record DeadLetterList(IReadOnlyList<DeadLetterView> Items, string? Next);

    private sealed record DeadLetterView(
        long Id, string Direction, string Topic, string EventId, string Reason, int Attempts, DateTimeOffset FirstAt, DateTimeOffset LastAt,
        string? Event, byte[]? EventBase64);
}
