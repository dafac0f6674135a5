using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Runtime;
using Microsoft.AspNetCore.Http.Features;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>Routes the HTTP API of one sidecar. As on Dapr, a request that matches no route is an invocation, so there is no plain 404.</summary>
internal sealed class SidecarApi(SidecarState sidecar, Publisher publisher, NameRegistry names, Action shutdown)
{
    private static readonly string[] NotEmulated =
        ["actors", "bindings", "configuration", "conversation", "crypto", "jobs", "lock", "secrets", "state", "unlock", "workflows"];

    private readonly MetadataEndpoints _metadata = new(sidecar);
    private readonly PublishEndpoint _publish = new(sidecar, publisher);
    private readonly BulkPublishEndpoint _bulkPublish = new(sidecar, publisher);
    private readonly InvokeEndpoint _invoke = new(sidecar, names);

    public Task HandleAsync(HttpContext http)
    {
        var (rawPath, query) = RequestPath.Split(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        if (RequestPath.HasInvalidEscape(rawPath))
        {
            return http.WriteTextAsync(StatusCodes.Status400BadRequest, "400 Bad Request");
        }

        var path = RequestPath.Clean(rawPath);
        var verb = http.Request.Method;
        if (!IsAuthorized(http, path, verb))
        {
            return http.WriteTextAsync(StatusCodes.Status401Unauthorized, "invalid api token\n");
        }

        return (verb, path.Split('/')[1..]) switch
        {
            ("POST" or "PUT", ["v1.0" or "v1.0-alpha1", "publish", "bulk", var pubSub, var first, .. var rest]) =>
                _bulkPublish.HandleAsync(http, Decode(pubSub), Decode(string.Join('/', [first, .. rest]))),
            ("POST" or "PUT", ["v1.0", "publish", var pubSub, var first, .. var rest]) =>
                _publish.HandleAsync(http, Decode(pubSub), Decode(string.Join('/', [first, .. rest]))),
            ("GET", ["v1.0", "healthz"]) => HealthAsync(http),
            ("GET", ["v1.0", "healthz", "outbound"]) => http.WriteNoContentAsync(),
            ("GET", ["v1.0", "metadata"]) => _metadata.GetAsync(http),
            ("PUT", ["v1.0", "metadata", var key]) => _metadata.PutAsync(http, Decode(key)),
            ("POST", ["v1.0", "shutdown"]) => ShutDownAsync(http),
            (_, ["v1.0" or "v1.0-alpha1", var api, ..]) when NotEmulated.Contains(api) => ApiError.NotEmulated($"the {api} API").WriteAsync(http),
            _ => _invoke.HandleAsync(http, rawPath, query),
        };
    }

    private static string Decode(string part) => RequestPath.Decode(part)!; // HandleAsync has rejected paths with an invalid escape sequence

    private bool IsAuthorized(HttpContext http, string path, string verb) =>
        sidecar.ApiToken is null
        || http.Request.Headers["dapr-api-token"] == sidecar.ApiToken
        || (verb == "GET" && path is "/v1.0/healthz" or "/v1.0/healthz/outbound");

    // The sidecar is ready only after its app listens. As on Dapr, an app that waits for this before it listens waits indefinitely.
    private Task HealthAsync(HttpContext http) =>
        !sidecar.IsReady ? ApiError.NotReady.WriteAsync(http)
        : http.Request.Query["appid"] is [var appId, ..] && appId != sidecar.AppId ? ApiError.AppIdMismatch.WriteAsync(http)
        : http.WriteNoContentAsync();

    private async Task ShutDownAsync(HttpContext http)
    {
        await http.WriteNoContentAsync();
        await http.Response.CompleteAsync();
        shutdown();
    }
}
