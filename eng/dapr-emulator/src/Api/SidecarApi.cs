using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Publishing;
using Microsoft.AspNetCore.Http.Features;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>The HTTP API of one sidecar. What is no route of it is an invocation, as with the runtime: there is no plain 404.</summary>
internal sealed class SidecarApi(SidecarState sidecar, Publisher publisher, NameRegistry names, Action shutdown)
{
    private readonly HealthEndpoints _health = new(sidecar);
    private readonly MetadataEndpoints _metadata = new(sidecar);
    private readonly PublishEndpoint _publish = new(sidecar, publisher);
    private readonly BulkPublishEndpoint _bulkPublish = new(sidecar, publisher);
    private readonly InvokeEndpoint _invoke = new(sidecar, names);

    public Task HandleAsync(HttpContext http)
    {
        var (path, query) = RequestPath.Split(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        if (RequestPath.HasBrokenEscape(path))
        {
            // So says Go's server before the runtime sees anything of it.
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            http.Response.ContentType = "text/plain; charset=utf-8";
            http.Response.Headers.Connection = "close";
            return http.Response.WriteAsync("400 Bad Request");
        }

        var asSent = path;
        path = RequestPath.Clean(path);
        var verb = http.Request.Method;
        if (!IsPermitted(http, path, verb))
        {
            return http.AnswerTextAsync(StatusCodes.Status401Unauthorized, "invalid api token\n");
        }

        var parts = path.Split('/');
        if (parts is not ["", "v1.0" or "v1.0-alpha1", ..])
        {
            return _invoke.HandleAsync(http, asSent, query);
        }

        return (verb, parts[1..]) switch
        {
            ("POST" or "PUT", ["v1.0" or "v1.0-alpha1", "publish", "bulk", var pubSub, var first, .. var rest]) =>
                _bulkPublish.HandleAsync(http, pubSub, string.Join('/', [first, .. rest])),
            ("POST" or "PUT", ["v1.0", "publish", var pubSub, var first, .. var rest]) =>
                _publish.HandleAsync(http, pubSub, string.Join('/', [first, .. rest])),
            ("GET", ["v1.0", "healthz"]) => _health.HealthAsync(http),
            ("GET", ["v1.0", "healthz", "outbound"]) => http.AnswerEmptyAsync(),
            ("GET", ["v1.0", "metadata"]) => _metadata.GetAsync(http),
            ("PUT", ["v1.0", "metadata", var key]) => _metadata.PutAsync(http, key),
            ("POST", ["v1.0", "shutdown"]) => ShutDownAsync(http),
            (_, [_, var api, ..]) when LeftOutApis.Names.Contains(api) => http.AnswerAsync(LeftOutApis.Error(api)),
            _ => _invoke.HandleAsync(http, asSent, query),
        };
    }

    private bool IsPermitted(HttpContext http, string path, string verb) =>
        sidecar.ApiToken is null
        || http.Request.Headers["dapr-api-token"] == sidecar.ApiToken
        || (verb == "GET" && path is "/v1.0/healthz" or "/v1.0/healthz/outbound");

    private async Task ShutDownAsync(HttpContext http)
    {
        await http.AnswerEmptyAsync();
        await http.Response.CompleteAsync();
        shutdown();
    }
}
