using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Routes;

internal static class Lists
{
    /// <summary>Far more than any list takes, and far less than what the sidecar refuses in words of its own.</summary>
    private const int LongestQuery = 1024;

    /// <summary>Passes a list on with its query as it is, which Dapr leaves alone: the service that owns the list knows its parameters.</summary>
    public static async Task<IResult> GetAsync(HttpRequest request, App app, string path, CancellationToken cancellationToken) =>
        request.QueryString.Value is { Length: > LongestQuery }
            ? Parameters.Invalid("query", $"The query must be at most {LongestQuery} characters.")
            : new PassedOn(await app.GetAsync(path + request.QueryString, cancellationToken));
}
