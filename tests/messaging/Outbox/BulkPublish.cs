using System.Text.Json;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>Helpers of the relay's tests: the entries that it publishes, and responses of the sidecar.</summary>
internal static class BulkPublish
{
    public const string Route = "/v1.0/publish/bulk/pubsub/noted";
    public const string Unreadable = """{"errorCode":"ERR_PUBSUB_EVENTS_SER","message":"error marshaling events"}""";

    public static string Text(JsonElement entry) => entry.GetProperty("event").GetProperty("text").GetString()!;

    public static string? Metadata(JsonElement entry, string key) => entry.GetProperty("metadata").GetProperty(key).GetString();

    /// <summary>Responds to the next call, and accepts the calls after it.</summary>
    public static void RespondOnce(MessagingHost host, int status, string body) =>
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).InScenario("once").WillSetStateTo("passed").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/json").WithBody(body));

    /// <summary>Responds to every call with this text in it.</summary>
    public static void RespondTo(MessagingHost host, string text, int status, string body) =>
        host.Sidecar.Server.Given(Request.Create().WithPath(Route).WithBody(new WireMock.Matchers.WildcardMatcher($"*{text}*"))).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/json").WithBody(body));

    /// <summary>Returns the body of a response that names entries by their indexes in the call.</summary>
    public static string Failed(params int[] indexes) => JsonSerializer.Serialize(new
    {
        failedEntries = indexes.Select(index => new { entryId = $"{index}", error = "broker says no" }),
        errorCode = "ERR_PUBSUB_PUBLISH_MESSAGE",
    });
}
