using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Publishing;

namespace DaprOrders.DaprEmulator.Api;

internal sealed class PublishEndpoint(SidecarState sidecar, Publisher publisher)
{
    public async Task HandleAsync(HttpContext http, string pubSub, string topic)
    {
        if (RequestPath.Decode(pubSub) is not { } name || RequestPath.Decode(topic) is not { } topicName)
        {
            await http.AnswerTextAsync(StatusCodes.Status400BadRequest, "failed to unescape request parameter\n");
            return;
        }

        if (!sidecar.PubSubs.ContainsKey(name))
        {
            await http.AnswerAsync(ApiError.PubSubNotFound(name));
            return;
        }

        if (await HttpBody.ReadAsync(http.Request, sidecar.Spec.MaxBodyBytes, http.RequestAborted) is not { } body)
        {
            await http.AnswerAsync(ApiError.NotPublished(name, topicName, "stream too large"));
            return;
        }

        var (parent, state) = Trace(http.Request);
        var publication = new Publication(body, http.Request.ContentType ?? "", QueryMetadata(http.Request), parent, state);
        var error = await publisher.PublishAsync(name, topicName, publication);
        await (error is null ? http.AnswerEmptyAsync() : http.AnswerAsync(error));
    }

    /// <summary>Takes the query parameters that are metadata, the first value of each.</summary>
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

    // Without a sampling rate the caller's trace context is not looked at.
    private (string Parent, string State) Trace(HttpRequest request) => sidecar.Resources.Tracing
        ? (request.Headers.TraceParent.ToString(), request.Headers.TraceState.ToString())
        : ("", "");
}
