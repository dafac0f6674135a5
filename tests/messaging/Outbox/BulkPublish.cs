using System.Text.Json;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>What the tests of the relay have in common: the entries that it publishes, and answers of the sidecar.</summary>
internal static class BulkPublish
{
    public const string Route = "/v1.0/publish/bulk/pubsub/noted";

    public static string Text(JsonElement entry) => entry.GetProperty("event").GetProperty("text").GetString()!;

    public static string? Metadata(JsonElement entry, string key) => entry.GetProperty("metadata").GetProperty(key).GetString();

    public static void AnswerOnce(MessagingHost host, int status, string body) =>
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).InScenario("once").WillSetStateTo("passed").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/json").WithBody(body));

    public static string Failed(params Guid[] ids) => Failed("broker says no", ids);

    public static string Failed(string error, params Guid[] ids) => JsonSerializer.Serialize(new
    {
        failedEntries = ids.Select(id => new { entryId = id, error }),
        errorCode = "ERR_PUBSUB_PUBLISH_MESSAGE",
    });
}
