using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.OrderService.Orders;

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

    public static BatchResult Placed(int index, Guid id, bool isReplay) =>
        new() { Index = index, Status = StatusCodes.Status201Created, Id = id, Replayed = isReplay ? true : null };

    public static BatchResult Refused(int index, ProblemDetails problem) =>
        new() { Index = index, Status = problem.Status!.Value, Problem = problem };
}
