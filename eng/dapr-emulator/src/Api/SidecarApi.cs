using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Runtime;
using Microsoft.AspNetCore.Http.Features;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>The HTTP API of one sidecar. As on Dapr, a request that matches no route is an invocation; there is no plain 404.</summary>
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
        var (asSent, query) = RequestPath.Split(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        if (RequestPath.HasBrokenEscape(asSent))
        {
            return http.AnswerTextAsync(StatusCodes.Status400BadRequest, "400 Bad Request");
        }

        var path = RequestPath.Clean(asSent);
        var verb = http.Request.Method;
        if (!IsPermitted(http, path, verb))
        {
            return http.AnswerTextAsync(StatusCodes.Status401Unauthorized, "invalid api token\n");
        }

        return (verb, path.Split('/')[1..]) switch
        {
            ("POST" or "PUT", ["v1.0" or "v1.0-alpha1", "publish", "bulk", var pubSub, var first, .. var rest]) =>
                _bulkPublish.HandleAsync(http, Decode(pubSub), Decode(string.Join('/', [first, .. rest]))),
            ("POST" or "PUT", ["v1.0", "publish", var pubSub, var first, .. var rest]) =>
                _publish.HandleAsync(http, Decode(pubSub), Decode(string.Join('/', [first, .. rest]))),
            ("GET", ["v1.0", "healthz"]) => HealthAsync(http),
            ("GET", ["v1.0", "healthz", "outbound"]) => http.AnswerNothingAsync(),
            ("GET", ["v1.0", "metadata"]) => _metadata.GetAsync(http),
            ("PUT", ["v1.0", "metadata", var key]) => _metadata.PutAsync(http, Decode(key)),
            ("POST", ["v1.0", "shutdown"]) => ShutDownAsync(http),
            (_, ["v1.0" or "v1.0-alpha1", var api, ..]) when NotEmulated.Contains(api) => ApiError.NotEmulated($"{api} API").WriteAsync(http),
            _ => _invoke.HandleAsync(http, asSent, query),
        };
    }

    private static string Decode(string part) => RequestPath.Decode(part)!; // a path with a broken escape was refused before

    private bool IsPermitted(HttpContext http, string path, string verb) =>
        sidecar.ApiToken is null
        || http.Request.Headers["dapr-api-token"] == sidecar.ApiToken
        || (verb == "GET" && path is "/v1.0/healthz" or "/v1.0/healthz/outbound");

    // Ready with the app. An app that waits for this before it listens waits indefinitely, as on Dapr.
    private Task HealthAsync(HttpContext http) =>
        !sidecar.IsReady ? ApiError.NotReady.WriteAsync(http)
        : http.Request.Query["appid"] is [var appId, ..] && appId != sidecar.AppId ? ApiError.OtherAppId.WriteAsync(http)
        : http.AnswerNothingAsync();

    private async Task ShutDownAsync(HttpContext http)
    {
        await http.AnswerNothingAsync();
        await http.Response.CompleteAsync();
        shutdown();
    }
}
