using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Api;

internal sealed class PublishEndpoint(SidecarState sidecar, Publisher publisher)
{
    public async Task HandleAsync(HttpContext http, string pubSub, string topic)
    {
        if (!sidecar.PubSubs.ContainsKey(pubSub))
        {
            await ApiError.PubSubNotFound(pubSub).WriteAsync(http);
            return;
        }

        if (await HttpBody.ReadAsync(http.Request, sidecar.Spec.MaxBodyBytes, http.RequestAborted) is not { } body)
        {
            await ApiError.PublishFailed(pubSub, topic, "stream too large").WriteAsync(http);
            return;
        }

        var (parent, state) = Trace(http.Request);
        var publication = new Publication(body, http.Request.ContentType ?? "", QueryMetadata(http.Request), parent, state);
        var error = await publisher.PublishAsync(pubSub, topic, publication);
        await (error is null ? http.WriteNoContentAsync() : error.WriteAsync(http));
    }

    /// <summary>Returns the query parameters that start with <c>metadata.</c>, with the first value of each.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> QueryMetadata(HttpRequest request)
    {
        if (!request.QueryString.HasValue)
        {
            return [];
        }

        var metadata = new List<KeyValuePair<string, string>>();
        foreach (var (key, values) in request.Query)
        {
            if (key.StartsWith("metadata.", StringComparison.Ordinal))
            {
                metadata.Add(KeyValuePair.Create(key["metadata.".Length..], values.FirstOrDefault() ?? ""));
            }
        }

        return metadata;
    }

    // As on Dapr, the caller's trace context is ignored if the sampling rate is 0.
    private (string Parent, string State) Trace(HttpRequest request) => sidecar.Resources.Tracing
        ? (request.Headers.TraceParent.ToString(), request.Headers.TraceState.ToString())
        : ("", "");
}
