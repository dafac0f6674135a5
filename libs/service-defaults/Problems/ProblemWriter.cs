using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Writes problems for clients that do not accept JSON. Without it, the framework writes text, another content type or nothing, depending on
/// where the problem was created.
/// </summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true; // the framework's writer is registered first and writes for all other clients

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (http, details) = (context.HttpContext, context.ProblemDetails);
        details.Status ??= http.Response.StatusCode;
        details.Extensions["trace_id"] = Activity.Current?.Id ?? http.TraceIdentifier;
        Problem.Complete(details, BadRequestHandler.DescribeLimit(http));
        await http.Response.WriteAsJsonAsync(details, details.GetType(), (JsonSerializerOptions?)null, "application/problem+json", http.RequestAborted);
    }
}
