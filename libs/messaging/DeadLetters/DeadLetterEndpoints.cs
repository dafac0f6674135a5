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
        // As stored. PostgreSQL would refuse a query with a NUL character.
        var (topic, reason) = (Topic is null ? null : DeadLetterStore.ToStorable(Topic), Reason is null ? null : DeadLetterStore.ToStorable(Reason));
        letters = topic is null ? letters : letters.Where(letter => letter.Topic == topic);
        return reason is null ? letters : letters.Where(letter => letter.Reason.Contains(reason));
    }
}

/// <summary>Maps the routes with which operators list, redrive and delete dead letters.</summary>
internal static class DeadLetterEndpoints
{
    private const int MaxPageSize = 200;
    private const int MaxBulkSize = 1000;

    public static void Map(IEndpointRouteBuilder app)
    {
        var letters = app.MapGroup("/dead-letters").RequireAuthorization(AccessPolicies.Operator).ExcludeFromDescription(); // not part of the contract
        letters.MapGet("/", ListAsync);
        letters.MapGet("/{id:long}", GetAsync);
        letters.MapPost("/redrive", RedriveAllAsync);
        letters.MapPost("/{id:long}/redrive", RedriveAsync);
        letters.MapDelete("/", DeleteAllAsync);
        letters.MapDelete("/{id:long}", DeleteAsync);
    }

    /// <summary>Lists dead letters without their events, which can have megabytes each.</summary>
    private static async Task<IResult> ListAsync(
        [AsParameters] DeadLetterFilter filter, DbContext db, CancellationToken cancellationToken, int limit = 50, long cursor = long.MaxValue)
    {
        if (limit is < 1 or > MaxPageSize)
        {
            return InvalidLimit(MaxPageSize);
        }

        var letters = await filter.Apply(db.Set<DeadLetter>())
            .Where(letter => letter.Id < cursor)
            .OrderByDescending(letter => letter.Id)
            .Take(limit)
            .Select(letter => new DeadLetterView(
                letter.Id, letter.Direction, letter.Topic, letter.Source, letter.EventId, letter.Reason, letter.Attempts, letter.FirstAt, letter.LastAt))
            .ToListAsync(cancellationToken);
        return Json(new DeadLetterList(letters, letters.Count == limit ? $"{letters[^1].Id}" : null));
    }

    private static async Task<IResult> GetAsync(long id, DbContext db, CancellationToken cancellationToken)
    {
        if (await db.Set<DeadLetter>().AsNoTracking().SingleOrDefaultAsync(letter => letter.Id == id, cancellationToken) is not { } letter)
        {
            return TypedResults.NotFound();
        }

        var isText = Utf8.IsValid(letter.Body);
        return Json(new DeadLetterDetails(
            letter.Id, letter.Direction, letter.Topic, letter.Source, letter.EventId, letter.Reason, letter.Attempts, letter.FirstAt, letter.LastAt,
            isText ? Encoding.UTF8.GetString(letter.Body) : null,
            isText ? null : letter.Body));
    }

    private static async Task<IResult> RedriveAsync(long id, DeadLetterRedriver redriver, CancellationToken cancellationToken) =>
        await redriver.RedriveAsync(id, cancellationToken) switch
        {
            { IsFound: false } => TypedResults.NotFound(),
            { Failure: { } failure } => TypedResults.Problem(
                statusCode: StatusCodes.Status409Conflict, title: "The event failed again", detail: $"It is still a dead letter: {failure}"),
            _ => TypedResults.NoContent(),
        };

    /// <summary>Redrives the dead letters that match, oldest first, each in its own transaction.</summary>
    private static async Task<IResult> RedriveAllAsync(
        [AsParameters] DeadLetterFilter filter, DbContext db, DeadLetterRedriver redriver, CancellationToken cancellationToken,
        int limit = MaxBulkSize, long cursor = 0)
    {
        if (Validate(filter, limit) is { } error)
        {
            return error;
        }

        var (ids, next) = await SelectAsync(filter, db, limit, cursor, cancellationToken);
        var items = new List<RedriveItem>(ids.Count);
        foreach (var id in ids)
        {
            var result = await redriver.RedriveAsync(id, cancellationToken);
            items.Add(new RedriveItem(id, !result.IsFound ? "not_found" : result.Failure is null ? "redriven" : "failed", result.Failure));
        }

        return Json(new RedriveSummary(items.Count(item => item.Status == "redriven"), items.Count(item => item.Status == "failed"), items, next));
    }

    private static async Task<IResult> DeleteAsync(long id, DbContext db, CancellationToken cancellationToken) =>
        await db.Set<DeadLetter>().Where(letter => letter.Id == id).ExecuteDeleteAsync(cancellationToken) == 1
            ? TypedResults.NoContent()
            : TypedResults.NotFound();

    /// <summary>Deletes the dead letters that match, oldest first.</summary>
    private static async Task<IResult> DeleteAllAsync(
        [AsParameters] DeadLetterFilter filter, DbContext db, CancellationToken cancellationToken, int limit = MaxBulkSize, long cursor = 0)
    {
        if (Validate(filter, limit) is { } error)
        {
            return error;
        }

        var (ids, next) = await SelectAsync(filter, db, limit, cursor, cancellationToken);
        var deleted = await db.Set<DeadLetter>().Where(letter => ids.Contains(letter.Id)).ExecuteDeleteAsync(cancellationToken);
        return Json(new DeleteSummary(deleted, ids, next));
    }

    /// <summary>Returns the ids of the dead letters that match, oldest first, and the cursor of the next request; null if there are no more.</summary>
    private static async Task<(IReadOnlyList<long> Ids, string? Next)> SelectAsync(
        DeadLetterFilter filter, DbContext db, int limit, long cursor, CancellationToken cancellationToken)
    {
        var ids = await filter.Apply(db.Set<DeadLetter>())
            .Where(letter => letter.Id > cursor)
            .OrderBy(letter => letter.Id)
            .Select(letter => letter.Id)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return ids.Count <= limit ? (ids, null) : (ids[..limit], $"{ids[limit - 1]}");
    }

    /// <summary>Rejects a request without a topic, because a forgotten parameter would redrive or delete all dead letters.</summary>
    private static ValidationProblem? Validate(DeadLetterFilter filter, int limit) =>
        filter.Topic is null ? Invalid("topic", "topic is required.")
        : limit is < 1 or > MaxBulkSize ? InvalidLimit(MaxBulkSize)
        : null;

    private static ValidationProblem InvalidLimit(int max) => Invalid("limit", $"limit must be 1 to {max}.");

    private static ValidationProblem Invalid(string parameter, string error) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [parameter] = [error] });

    private static JsonHttpResult<T> Json<T>(T body) => TypedResults.Json(body, EventJson.Options);

    private sealed record DeadLetterList(IReadOnlyList<DeadLetterView> Items, string? Next);

    private record DeadLetterView(
        long Id, string Direction, string Topic, string Source, string EventId, string Reason, int Attempts, DateTimeOffset FirstAt,
        DateTimeOffset LastAt);

    private sealed record DeadLetterDetails(
        long Id, string Direction, string Topic, string Source, string EventId, string Reason, int Attempts, DateTimeOffset FirstAt,
        DateTimeOffset LastAt, string? Event, byte[]? EventBase64)
        : DeadLetterView(Id, Direction, Topic, Source, EventId, Reason, Attempts, FirstAt, LastAt);

    private sealed record RedriveItem(long Id, string Status, string? Failure);

    private sealed record RedriveSummary(int Redriven, int Failed, IReadOnlyList<RedriveItem> Items, string? Next);

    private sealed record DeleteSummary(int Deleted, IReadOnlyList<long> Items, string? Next);
}
