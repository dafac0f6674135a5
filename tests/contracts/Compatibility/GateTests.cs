using System.Text.Json.Nodes;
using DaprOrders.Cli.Contracts;
using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Compatibility;

public sealed class GateTests
{
    private const string Created = "events/order.created.schema.json";
    private const string Updated = "events/inventory.updated.schema.json";
    private const string Order = "http/order.openapi.json";
    private const string Post = "/paths/~1orders/post";
    private const string Request = "/components/schemas/PlaceOrderRequest";
    private const string View = "/components/schemas/OrderView";

    public static TheoryData<string> Releases => [.. ContractSet.Releases.Keys];

    /// <summary>A file, a JSON pointer into it, the new value (null removes the old one), and the message of the gate (empty if there is none).</summary>
    public static TheoryData<string, string, string?, string> Changes => new()
    {
        // Input that was accepted is refused, or a new field is required.
        { Created, "/properties/quantity/maximum", "500", "order.created.quantity: maximum is narrower" },
        { Created, "/properties/quantity/minimum", "2", "order.created.quantity: minimum is narrower" },
        { Created, "/properties/item_id/maxLength", "10", "order.created.item_id: maxLength is narrower" },
        { Created, "/properties/item_id/pattern", "\"^x$\"", "order.created.item_id: pattern is narrower" },
        { Created, "/required/4", "\"channel\"", "order.created: required channel is narrower" },
        { Created, "/additionalProperties", "false", "order.created: additionalProperties is narrower" },
        { Updated, "/properties/reason/type", "\"string\"", "inventory.updated.reason: type is narrower" },
        { Updated, "/properties/reason/enum/1", null, "inventory.updated.reason: enum value \"unknown_item\" is narrower" },
        { Order, $"{Request}/properties/quantity/maximum", "999", "POST /orders request.quantity: maximum is narrower" },
        { Order, $"{Request}/required/2", "\"color\"", "POST /orders request: required color is narrower" },
        { Order, $"{Request}/properties/item_id", null, "POST /orders request.item_id: the field is narrower" },
        { Order, $"{Post}/parameters/0", null, "POST /orders parameter Idempotency-Key is removed" },
        { Order, $"{Post}/parameters/0/required", "true", "POST /orders parameter Idempotency-Key is required" },
        { Order, "/paths/~1orders/get/parameters/1/schema/maximum", "100", "GET /orders parameter limit: maximum is narrower" },
        { Order, Post, null, "POST /orders is removed" },

        // Output loses a field, or may have values that it could not have before.
        { Created, "/properties/created_at", null, "order.created.created_at is removed" },
        { Created, "/required/3", null, "order.created: required created_at is wider" },
        { Created, "/properties/quantity/maximum", "2000", "order.created.quantity: maximum is wider" },
        { Created, "/properties/quantity/type", "\"number\"", "order.created.quantity: type is wider" },
        { Created, "/properties/item_id/type", "[\"string\",\"null\"]", "order.created.item_id: type is wider" },
        { Created, "/properties/order_id/pattern", null, "order.created.order_id: pattern is wider" },
        { Order, $"{View}/properties/created_at", null, "POST /orders 201.created_at is removed" },
        { Order, $"{View}/required/0", null, "POST /orders 201: required id is wider" },
        { Order, $"{View}/properties/id/format", null, "POST /orders 201.id: format is wider" },
        { Order, $"{Post}/responses/201", null, "POST /orders 201 is removed" },
        { Order, $"{Post}/responses/422/content/application~1problem+json", null, "POST /orders 422 application/problem+json is removed" },

        // A new enum value or a new status, without a new version.
        { Updated, "/properties/outcome/enum/2", "\"partly_reserved\"", "inventory.updated.outcome: enum value \"partly_reserved\" needs a new version" },
        { Order, "/components/schemas/OrderStatus/enum/3", "\"cancelled\"", "POST /orders 201.status: enum value \"cancelled\" needs a new version" },
        { Order, $"{Post}/responses/409", "{\"description\":\"Conflict\"}", "POST /orders 409 needs a new version" },

        // A changed exchange.
        { "http/order.exchanges.json", "/exchanges/4/response/body/status", "400", "is removed or changed" },
        { "http/order.exchanges.json", "/exchanges/5/response/body/errors/amount", "[]", "is removed or changed" },
        { "http/notification.exchanges.json", "/exchanges/0/response/status", "201", "'notifies of a reserved order' is removed or changed" },

        // Changes that break nobody.
        { "http/order.exchanges.json", "/exchanges/4/response/body/title", "\"Another text.\"", "" },
        { "http/order.exchanges.json", "/exchanges/5/name", "\"another name\"", "" },
        { Order, $"{Request}/properties/color", "{\"type\":\"string\"}", "" },
        { Created, "/properties/channel", "{\"type\":\"string\"}", "" },
        { Created, "/description", "\"Another text.\"", "" },
        { Order, $"{View}/properties/channel", "{\"type\":\"string\"}", "" },
        { Order, $"{Post}/responses/422", null, "" },
    };

    [Theory]
    [MemberData(nameof(Releases))]
    public void Released_files_are_unchanged(string version) =>
        Assert.Empty(ContractSet.ChangedAfterRelease(Path.Combine(ContractFiles.Folder, "released", version)));

    [Theory]
    [MemberData(nameof(Releases))]
    public void Current_contracts_keep_the_promises_of_each_release(string version) => Assert.Empty(Gate.Compare(ContractSet.Releases[version], ContractSet.Current));

    [Theory]
    [MemberData(nameof(Changes))]
    public void Breaking_change_is_detected_and_a_compatible_one_is_not(string file, string location, string? value, string expected)
    {
        var changed = ContractSet.Current.With(file, text => Set(JsonNode.Parse(text)!, location, value));

        var broken = Gate.Compare(ContractSet.Current, changed);

        Assert.True(
            expected.Length == 0 ? broken.Count == 0 : broken.Any(one => one.Contains(expected, StringComparison.Ordinal)),
            $"Expected '{expected}', but found: {string.Join("\n", broken)}");
    }

    [Theory]
    [InlineData("address: order.created", "address: orders.created", "order send order.created is removed")]
    [InlineData("    action: send\n    x-app-id: order", "    action: send\n    x-app-id: gateway", "order send order.created is removed")]
    [InlineData("    action: receive\n    x-app-id: notification", "    action: receive\n    x-app-id: mail", "notification receive inventory.updated is removed")]
    [InlineData("version: \"1.1\"", "version: \"0.9\"", "0.9 is older than the release 1.1")]
    public void Changed_topic_publisher_or_subscriber_or_an_older_version_is_detected(string from, string to, string expected)
    {
        var changed = ContractSet.Current.With("asyncapi.yaml", text => text.Replace(from, to, StringComparison.Ordinal));

        Assert.Contains(expected, Gate.Compare(ContractSet.Current, changed));
    }

    [Theory]
    [InlineData(Created, "order.created: the schema is removed")]
    [InlineData(Order, "order POST /orders is removed")]
    public void Removed_file_is_detected(string file, string expected) =>
        Assert.Contains(expected, Gate.Compare(ContractSet.Current, ContractSet.Current.Without(file)));

    [Theory]
    [InlineData("1.2")]
    [InlineData("2.0")]
    public void New_version_may_add_an_enum_value(string version)
    {
        var changed = ContractSet.Current
            .With(Updated, text => Set(JsonNode.Parse(text)!, "/properties/outcome/enum/2", "\"partly_reserved\""))
            .With("asyncapi.yaml", text => text.Replace("version: \"1.1\"", $"version: \"{version}\"", StringComparison.Ordinal));

        Assert.Empty(Gate.Compare(ContractSet.Current, changed));
    }

    [Theory]
    [InlineData("1.2", 1)]
    [InlineData("2.0", 0)]
    public void Only_a_new_major_version_may_remove_a_field(string version, int broken)
    {
        var changed = ContractSet.Current
            .With(Order, text => Set(JsonNode.Parse(text)!, $"{View}/properties/created_at", null))
            .With("asyncapi.yaml", text => text.Replace("version: \"1.1\"", $"version: \"{version}\"", StringComparison.Ordinal));

        Assert.Equal(broken, Math.Min(1, Gate.Compare(ContractSet.Current, changed).Count));
    }

    [Fact]
    public async Task Version_is_released_once_and_later_changes_to_it_are_detected()
    {
        var folder = Ownership.CreateFolder("release");
        try
        {
            await Programs.RunAsync(Repository.Root, "", "cp", "-R", "--parents", "contracts", folder);
            var contracts = Path.Combine(folder, "contracts");
            Directory.Delete(Path.Combine(contracts, "released"), recursive: true);

            var release = ContractRelease.Create(contracts, "1.1");

            Assert.Equal(Path.Combine(contracts, "released", "1.1"), release);
            Assert.Empty(ContractSet.ChangedAfterRelease(release));
            Assert.Empty(Gate.Compare(ContractSet.Read(release), ContractSet.Current));
            Assert.Equal(
                "1.1 is already released, and a release is never changed",
                Assert.Throws<StackException>(() => ContractRelease.Create(contracts, "1.1")).Message);
            Assert.Contains(
                "has another version", Assert.Throws<StackException>(() => ContractRelease.Create(contracts, "1.2")).Message, StringComparison.Ordinal);
            Assert.Equal(["1.1"], Directory.GetDirectories(Path.Combine(contracts, "released")).Select(Path.GetFileName));

            await File.AppendAllTextAsync(Path.Combine(release, "asyncapi.yaml"), "\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(release, "http", "new.json"), "{}", TestContext.Current.CancellationToken);
            File.Delete(Path.Combine(release, Created));
            Assert.Equal(["asyncapi.yaml", Created, "http/new.json"], ContractSet.ChangedAfterRelease(release));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Sets the value at a JSON pointer, or removes it if the new value is null.</summary>
    private static string Set(JsonNode document, string pointer, string? value)
    {
        var names = pointer[1..].Split('/').Select(name => name.Replace("~1", "/", StringComparison.Ordinal)).ToList();
        var parent = names.SkipLast(1).Aggregate(document, (node, name) => node is JsonArray list ? list[int.Parse(name, null)]! : node[name]!);
        switch (parent)
        {
            case JsonArray list when value is null:
                list.RemoveAt(int.Parse(names[^1], null));
                break;
            case JsonArray list:
                list.Insert(int.Parse(names[^1], null), JsonNode.Parse(value));
                break;
            case JsonObject fields when value is null:
                Assert.True(fields.Remove(names[^1]), $"{pointer} does not exist");
                break;
            default:
                parent[names[^1]] = JsonNode.Parse(value!);
                break;
        }

        return document.ToJsonString();
    }
}
