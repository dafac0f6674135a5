using DaprOrders.DaprEmulator.Publishing;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>An answer of the sidecar that is an error, with the codes, the text and the details of the runtime.</summary>
internal sealed record ApiError(int HttpStatus, string Code, string Message)
{
    private string? _reason;
    private string? _resource;
    private SortedDictionary<string, string> _details = [];

    public static readonly ApiError NoAppId = new(
        404, "ERR_DIRECT_INVOKE", "failed getting app id either from the URL path or the header dapr-app-id");

    public static ApiError Invoke(string appId, string error) =>
        new(500, "ERR_DIRECT_INVOKE", $"failed to invoke, id: {appId}, err: {error}");

    public static ApiError PubSubNotFound(string pubSub) =>
        new ApiError(404, "ERR_PUBSUB_NOT_FOUND", $"pubsub {pubSub} is not found")
            .With("DAPR_PUBSUB_NOT_FOUND", null);

    /// <summary>The details are the metadata of the request.</summary>
    public static ApiError BadRawPayload(string pubSub, string value, IEnumerable<KeyValuePair<string, string>> metadata) =>
        new ApiError(
            400, "ERR_PUBSUB_REQUEST_METADATA",
            $"failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is '{value}'")
            .With("DAPR_PUBSUB_METADATA_DESERIALIZATION", pubSub, [.. metadata.Select(entry => (entry.Key, entry.Value))]);

    public static ApiError NoCloudEvent(string pubSub, string appId, string error) =>
        new ApiError(500, "ERR_PUBSUB_CLOUD_EVENTS_SER", "cannot create cloudevent")
            .With("DAPR_PUBSUB_CLOUD_EVENT_CREATION", pubSub, ("appID", appId), ("error", error));

    public static ApiError Forbidden(string pubSub, string topic, string appId)
    {
        var error = $"topic {topic} is not allowed for app id {appId}";
        return new ApiError(403, "ERR_PUBSUB_FORBIDDEN", error)
            .With("DAPR_PUBSUB_FORBIDDEN", pubSub, ("topic", topic), ("error", error));
    }

    public static ApiError NotPublished(string pubSub, string topic, string error) =>
        new ApiError(
            500, "ERR_PUBSUB_PUBLISH_MESSAGE", $"error when publishing to topic {topic} in pubsub {pubSub}: {error}")
            .With("DAPR_PUBSUB_PUBLISH_MESSAGE", pubSub, ("topic", topic), ("error", error));

    public static ApiError NoEvents(string pubSub, string topic, string appId, string error) =>
        new ApiError(
            400, "ERR_PUBSUB_EVENTS_SER",
            $"error marshaling events to bytes for topic {topic} pubsub {pubSub}. error: {error}")
            .With("DAPR_PUBSUB_MARSHAL_EVENTS", pubSub, ("appID", appId), ("error", error));

    public static ApiError NoEnvelope(string pubSub, string topic, string appId, string error) =>
        new ApiError(
            400, "ERR_PUBSUB_EVENTS_SER",
            $"error when marshalling cloud event envelope for topic {topic} pubsub {pubSub}: {error}")
            .With("DAPR_PUBSUB_MARSHAL_ENVELOPE", pubSub, ("appID", appId), ("error", error));

    public static ApiError NoBulkRequest(string pubSub, string topic, string appId, string error) =>
        new ApiError(
            400, "ERR_PUBSUB_EVENTS_SER",
            $"error when unmarshaling the request for topic {topic} pubsub {pubSub}: {error}")
            .With("DAPR_PUBSUB_UNMARSHAL_EVENTS", pubSub, ("appID", appId));

    public byte[] ToJson()
    {
        using var output = new JsonBuffer(256);
        output.Write("{"u8);
        var first = true;
        Write(output, "errorCode", Code, ref first);
        Write(output, "message", Message, ref first);
        if (_reason is not null)
        {
            WriteDetails(output);
        }

        output.Write("}"u8);
        return output.WrittenSpan.ToArray();
    }

    private void WriteDetails(JsonBuffer output)
    {
        var first = false;
        GoJson.WriteName(output, "details", ref first);
        output.Write("["u8);
        if (_resource is not null)
        {
            output.Write("{\"@type\":\"type.googleapis.com/google.rpc.ResourceInfo\""u8);
            Write(output, "description", Message, ref first);
            Write(output, "owner", "", ref first);
            Write(output, "resource_name", _resource, ref first);
            Write(output, "resource_type", "pubsub", ref first);
            output.Write("},"u8);
        }

        output.Write("{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"domain\":\"dapr.io\",\"metadata\":{"u8);
        first = true;
        foreach (var (name, value) in _details)
        {
            Write(output, name, value, ref first);
        }

        output.Write("}"u8);
        first = false;
        Write(output, "reason", _reason!, ref first);
        output.Write("}]"u8);
    }

    private ApiError With(string reason, string? resource, params ReadOnlySpan<(string Name, string Value)> details)
    {
        _reason = reason;
        _resource = resource;
        _details = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in details)
        {
            _details[name] = value;
        }

        return this;
    }

    private static void Write(JsonBuffer output, string name, string value, ref bool first)
    {
        GoJson.WriteName(output, name, ref first);
        GoJson.WriteString(output, value);
    }
}
