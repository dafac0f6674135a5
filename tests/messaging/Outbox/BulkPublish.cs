using System.Text.Json;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>Helps the relay tests to read published entries and to set responses of the sidecar.</summary>
internal static class BulkPublish
{
    public const string Route = "/v1.0/publish/bulk/pubsub/noted";
    public const string Unreadable = """{"errorCode":"ERR_PUBSUB_EVENTS_SER","message":"error marshaling events"}""";

    public static string Text(JsonElement entry) => entry.GetProperty("event").GetProperty("text").GetString()!;

    public static string? Metadata(JsonElement entry, string key) => entry.GetProperty("metadata").GetProperty(key).GetString();

    /// <summary>Sets the response to the next call. Later calls succeed.</summary>
    public static void RespondOnce(MessagingHost host, int status, string body, string contentType = "application/json") =>
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).InScenario("once").WillSetStateTo("passed").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(status).WithHeader("Content-Type", contentType).WithBody(body));

    /// <summary>Sets the response to every call that contains this text.</summary>
    public static void RespondTo(MessagingHost host, string text, int status, string body) =>
        host.Sidecar.Server.Given(Request.Create().WithPath(Route).WithBody(new WireMock.Matchers.WildcardMatcher($"*{text}*"))).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/json").WithBody(body));

    /// <summary>Returns the body of a response whose <c>failedEntries</c> lists these entries.</summary>
    public static string Failed(params int[] indexes) => JsonSerializer.Serialize(new
    {
        failedEntries = indexes.Select(index => new { entryId = $"{index}", error = "refused by the broker" }),
        errorCode = "ERR_PUBSUB_PUBLISH_MESSAGE",
    });
}
