using System.ComponentModel;
using System.Text.Json.Serialization;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.OrderService.Orders;

/// <summary>What became of the orders of a batch.</summary>
internal sealed record BatchView([property: Description("What became of each order, in the order of the request.")] IReadOnlyList<BatchResult> Results);

/// <summary>What became of one of them.</summary>
internal sealed record BatchResult(
    [property: Description("The order's place in the request, from 0."), Example(0)] int Index,
    [property: Description("The HTTP status that the order would have got alone: 201 when it is placed, 400, 422, 500 or 503."), Example(201)] int Status,
    [property: Description("The order's id, a UUID; only there when it is placed."), Example("0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    Guid? Id = null,
    [property: Description("True when an earlier request, or an earlier order of this one, placed it; else not there."), Example(true)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    bool? Replayed = null,
    [property: Description("Why it is not placed; only there when it is not.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ProblemDetails? Problem = null)
{
    public static BatchResult Placed(int index, Guid id, bool isReplay) => new(index, StatusCodes.Status201Created, id, isReplay ? true : null);

    public static BatchResult Refused(int index, ProblemDetails problem) => new(index, problem.Status!.Value, Problem: problem);

    public static BatchResult Refused(int index, KnownProblem problem) =>
        Refused(index, new ProblemDetails { Title = problem.Title, Status = problem.Status, Detail = problem.Detail });
}
