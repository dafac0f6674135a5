using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging;

/// <summary>Filters dead letters.</summary>
/// <param name="Topic">The topic; null for all topics.</param>
/// <param name="Reason">A part of the reason; null for all reasons.</param>
internal readonly record struct DeadLetterFilter(string? Topic, string? Reason)
{
    public IQueryable<DeadLetter> Apply(IQueryable<DeadLetter> letters)
    {
        var (topic, reason) = (Topic, Reason);
        letters = topic is null ? letters : letters.Where(letter => letter.Topic == topic);
        return reason is null ? letters : letters.Where(letter => letter.Reason.Contains(reason));
    }
}

/// <summary>Maps the routes with which operators list, redrive and delete dead letters.</summary>
internal static class DeadLetterEndpoints
{
    private const int MaxPageSize = 200;

    public static void Map(IEndpointRouteBuilder app)
    {
        var letters = app.MapGroup("/dead-letters").RequireAuthorization(AccessPolicies.Operator).ExcludeFromDescription(); // not part of the contract
        letters.MapGet("/", ListAsync);
        letters.MapPost("/redrive", RedriveAllAsync);
        letters.MapPost("/{id:long}/redrive", RedriveAsync);
        letters.MapDelete("/", DeleteAllAsync);
        letters.MapDelete("/{id:long}", DeleteAsync);
    }

    private static async Task<IResult> ListAsync(
        [AsParameters] DeadLetterFilter filter, DbContext db, CancellationToken cancellationToken, int limit = 50, long cursor = long.MaxValue)
    {
        if (limit is < 1 or > MaxPageSize)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["limit"] = [$"limit must be 1 to {MaxPageSize}."] });
        }

        var letters = await filter.Apply(db.Set<DeadLetter>().AsNoTracking())
            .Where(letter => letter.Id < cursor)
            .OrderByDescending(letter => letter.Id)
            .Take(limit)
            .ToListAsync(cancellationToken);
        var next = letters.Count == limit ? $"{letters[^1].Id}" : null;
        return TypedResults.Json(new DeadLetterList(letters.ConvertAll(View), next), EventJson.Options);
    }

    private static async Task<IResult> RedriveAsync(long id, DeadLetterRedriver redriver, CancellationToken cancellationToken) =>
        await redriver.RedriveAsync(id, cancellationToken) switch
        {
            { IsFound: false } => TypedResults.NotFound(),
            { Failure: { } failure } => TypedResults.Problem(
                statusCode: StatusCodes.Status409Conflict, title: "The event failed again", detail: $"It is still a dead letter: {failure}"),
            _ => TypedResults.NoContent(),
        };

    /// <summary>Redrives all dead letters that match, oldest first, each in its own transaction.</summary>
    private static async Task<IResult> RedriveAllAsync(
        [AsParameters] DeadLetterFilter filter, DbContext db, DeadLetterRedriver redriver, CancellationToken cancellationToken)
    {
        if (filter.Topic is null)
        {
            return TopicIsMissing();
        }

        int redriven = 0, failed = 0;
        var ids = await filter.Apply(db.Set<DeadLetter>()).OrderBy(letter => letter.Id).Select(letter => letter.Id).ToListAsync(cancellationToken);
        foreach (var id in ids)
        {
            switch (await redriver.RedriveAsync(id, cancellationToken))
            {
                case { Failure: not null }:
                    failed++;
                    break;
                case { IsFound: true }:
                    redriven++;
                    break;
            }
        }

        return TypedResults.Json(new RedriveSummary(redriven, failed), EventJson.Options);
    }

    private static async Task<IResult> DeleteAsync(long id, DbContext db, CancellationToken cancellationToken) =>
        await db.Set<DeadLetter>().Where(letter => letter.Id == id).ExecuteDeleteAsync(cancellationToken) == 1
            ? TypedResults.NoContent()
            : TypedResults.NotFound();

    private static async Task<IResult> DeleteAllAsync([AsParameters] DeadLetterFilter filter, DbContext db, CancellationToken cancellationToken) =>
        filter.Topic is null
            ? TopicIsMissing()
            : TypedResults.Json(
                new DeleteSummary(await filter.Apply(db.Set<DeadLetter>()).ExecuteDeleteAsync(cancellationToken)), EventJson.Options);

    /// <summary>Rejects a request without a topic, because a forgotten parameter would redrive or delete all dead letters.</summary>
    private static ValidationProblem TopicIsMissing() =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["topic"] = ["topic is required."] });

    private static DeadLetterView View(DeadLetter letter)
    {
        var isText = Utf8.IsValid(letter.Body);
        return new DeadLetterView(
            letter.Id, letter.Direction, letter.Topic, letter.Source, letter.EventId, letter.Reason, letter.Attempts, letter.FirstAt, letter.LastAt,
            isText ? Encoding.UTF8.GetString(letter.Body) : null,
            isText ? null : letter.Body);
    }

    private sealed record DeadLetterList(IReadOnlyList<DeadLetterView> Items, string? Next);

    private sealed record DeadLetterView(
        long Id, string Direction, string Topic, string Source, string EventId, string Reason, int Attempts, DateTimeOffset FirstAt,
        DateTimeOffset LastAt, string? Event, byte[]? EventBase64);

    private sealed record RedriveSummary(int Redriven, int Failed);

    private sealed record DeleteSummary(int Deleted);
}
