using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Json;

namespace DaprOrders.DaprEmulator.Runtime;

/// <summary>An error response of the sidecar. Codes, messages and details are those of Dapr.</summary>
internal sealed record ApiError(int Status, string Code, string Message)
{
    private JsonArray? _details;

    public static readonly ApiError AppIdMissing = new(
        404, "ERR_DIRECT_INVOKE", "failed getting app id either from the URL path or the header dapr-app-id");

    public static readonly ApiError NotReady = new(500, "ERR_HEALTH_NOT_READY", "dapr is not ready: [runtime]");

    public static readonly ApiError AppIdMismatch = new(500, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match");

    public static ApiError NotEmulated(string feature) =>
        new(501, "ERR_NOT_EMULATED", $"the emulator does not support {feature}: run this app on Dapr");

    public static ApiError Invoke(string appId, string error) =>
        new(500, "ERR_DIRECT_INVOKE", $"failed to invoke, id: {appId}, err: {error}");

    public static ApiError PubSubNotFound(string pubSub) =>
        new ApiError(404, "ERR_PUBSUB_NOT_FOUND", $"pubsub {pubSub} is not found").WithDetails("DAPR_PUBSUB_NOT_FOUND", null, []);

    /// <summary>Reports a <c>rawPayload</c> that is not a boolean. The details are the metadata of the request.</summary>
    public static ApiError InvalidRawPayload(string pubSub, string value, IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        new ApiError(
            400, "ERR_PUBSUB_REQUEST_METADATA",
            $"failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is '{value}'")
            .WithDetails("DAPR_PUBSUB_METADATA_DESERIALIZATION", pubSub, metadata);

    public static ApiError CloudEventCreationFailed(string pubSub, string appId, string error) =>
        new ApiError(500, "ERR_PUBSUB_CLOUD_EVENTS_SER", "cannot create cloudevent")
            .WithDetails("DAPR_PUBSUB_CLOUD_EVENT_CREATION", pubSub, [new("appID", appId), new("error", error)]);

    public static ApiError Forbidden(string pubSub, string topic, string appId)
    {
        var error = $"topic {topic} is not allowed for app id {appId}";
        return new ApiError(403, "ERR_PUBSUB_FORBIDDEN", error)
            .WithDetails("DAPR_PUBSUB_FORBIDDEN", pubSub, [new("topic", topic), new("error", error)]);
    }

    public static ApiError PublishFailed(string pubSub, string topic, string error) =>
        new ApiError(500, "ERR_PUBSUB_PUBLISH_MESSAGE", $"error when publishing to topic {topic} in pubsub {pubSub}: {error}")
            .WithDetails("DAPR_PUBSUB_PUBLISH_MESSAGE", pubSub, [new("topic", topic), new("error", error)]);

    public static ApiError InvalidEntry(string pubSub, string topic, string appId, string error) =>
        new ApiError(400, "ERR_PUBSUB_EVENTS_SER", $"error marshaling events to bytes for topic {topic} pubsub {pubSub}. error: {error}")
            .WithDetails("DAPR_PUBSUB_MARSHAL_EVENTS", pubSub, [new("appID", appId), new("error", error)]);

    public static ApiError EnvelopeFailed(string pubSub, string topic, string appId, string error) =>
        new ApiError(400, "ERR_PUBSUB_EVENTS_SER", $"error when marshalling cloud event envelope for topic {topic} pubsub {pubSub}: {error}")
            .WithDetails("DAPR_PUBSUB_MARSHAL_ENVELOPE", pubSub, [new("appID", appId), new("error", error)]);

    public static ApiError InvalidBulkRequest(string pubSub, string topic, string appId, string error) =>
        new ApiError(400, "ERR_PUBSUB_EVENTS_SER", $"error when unmarshaling the request for topic {topic} pubsub {pubSub}: {error}")
            .WithDetails("DAPR_PUBSUB_UNMARSHAL_EVENTS", pubSub, [new("appID", appId)]);

    public Task WriteAsync(HttpContext http)
    {
        var body = new JsonObject { ["errorCode"] = Code, ["message"] = Message };
        if (_details is not null)
        {
            body["details"] = _details.DeepClone();
        }

        http.Response.StatusCode = Status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(body.ToJsonString(JsonText.SerializerOptions), http.RequestAborted);
    }

    private ApiError WithDetails(string reason, string? resource, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        _details = [];
        if (resource is not null)
        {
            _details.Add((JsonNode)new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.ResourceInfo",
                ["description"] = Message,
                ["owner"] = "",
                ["resource_name"] = resource,
                ["resource_type"] = "pubsub",
            });
        }

        var values = new JsonObject();
        foreach (var (name, value) in metadata)
        {
            values[name] = value;
        }

        _details.Add((JsonNode)new JsonObject
        {
            ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
            ["domain"] = "dapr.io",
            ["metadata"] = values,
            ["reason"] = reason,
        });
        return this;
    }
}
