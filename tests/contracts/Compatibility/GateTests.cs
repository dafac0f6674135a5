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

    /// <summary>A file, a place in it, what is put there (nothing: it is taken away), and what the gate says.</summary>
    public static TheoryData<string, string, string?, string> Breaks => new()
    {
        // What we accept is narrowed, or needs a new field.
        { Created, "/properties/quantity/maximum", "500", "order.created.quantity: maximum is narrower" },
        { Created, "/properties/quantity/minimum", "2", "order.created.quantity: minimum is narrower" },
        { Created, "/properties/item_id/maxLength", "10", "order.created.item_id: maxLength is narrower" },
        { Created, "/properties/item_id/pattern", "\"^x$\"", "order.created.item_id: pattern is narrower" },
        { Created, "/required/4", "\"channel\"", "order.created: required channel is narrower" },
        { Created, "/additionalProperties", "false", "order.created: additionalProperties is narrower" },
        { Updated, "/properties/reason/type", "\"string\"", "inventory.updated.reason: type is narrower" },
        { Updated, "/properties/reason/enum/1", null, "inventory.updated.reason: enum value \"unknown_item\" is narrower" },
        { Order, $"{Request}/properties/quantity/maximum", "999", "POST /orders request.quantity: maximum is narrower" },
        { Order, $"{Request}/properties/colour", "{\"type\":\"string\"}", "" },
        { Order, $"{Request}/required/2", "\"colour\"", "POST /orders request: required colour is narrower" },
        { Order, $"{Request}/properties/item_id", null, "POST /orders request.item_id: the field is narrower" },
        { Order, $"{Post}/parameters/0", null, "POST /orders parameter Idempotency-Key is removed" },
        { Order, $"{Post}/parameters/0/required", "true", "POST /orders parameter Idempotency-Key is required" },
        { Order, "/paths/~1orders/get/parameters/1/schema/maximum", "100", "GET /orders parameter limit: maximum is narrower" },
        { Order, Post, null, "POST /orders is removed" },

        // What we send loses something, or may be something that it never was.
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

        // A new value of an enum, or a new status, without a new version.
        { Updated, "/properties/outcome/enum/2", "\"partly_reserved\"", "inventory.updated.outcome: enum value \"partly_reserved\" needs a new version" },
        { Order, "/components/schemas/OrderStatus/enum/3", "\"cancelled\"", "POST /orders 201.status: enum value \"cancelled\" needs a new version" },
        { Order, $"{Post}/responses/409", "{\"description\":\"Conflict\"}", "POST /orders 409 needs a new version" },

        // An exchange that others may rely upon.
        { "http/order.exchanges.json", "/exchanges/4/response/body/status", "400", "is removed or changed" },
        { "http/order.exchanges.json", "/exchanges/5/response/body/errors/amount", "[]", "is removed or changed" },
        { "http/notification.exchanges.json", "/exchanges/0/response/status", "201", "'notifies of a reserved order' is removed or changed" },

        // What breaks nobody.
        { "http/order.exchanges.json", "/exchanges/4/response/body/title", "\"Other words.\"", "" },
        { "http/order.exchanges.json", "/exchanges/5/name", "\"another name\"", "" },
        { Created, "/properties/channel", "{\"type\":\"string\"}", "" },
        { Created, "/description", "\"Other words.\"", "" },
        { Order, $"{View}/properties/channel", "{\"type\":\"string\"}", "" },
        { Order, $"{Post}/responses/422", null, "" },
    };

    [Theory]
    [MemberData(nameof(Releases))]
    public void A_release_is_never_changed(string version) =>
        Assert.Empty(ContractSet.ChangedAfterRelease(Path.Combine(ContractFiles.Folder, "released", version)));

    [Theory]
    [MemberData(nameof(Releases))]
    public void No_promise_of_a_release_is_broken(string version) => Assert.Empty(Gate.Compare(ContractSet.Releases[version], ContractSet.Current));

    [Theory]
    [MemberData(nameof(Breaks))]
    public void Each_kind_of_break_is_caught_and_what_breaks_nobody_is_not(string file, string place, string? value, string expected)
    {
        var changed = ContractSet.Current.With(file, text => Put(JsonNode.Parse(text)!, place, value));

        var broken = Gate.Compare(ContractSet.Current, changed);

        Assert.True(
            expected.Length == 0 ? broken.Count == 0 : broken.Any(one => one.Contains(expected, StringComparison.Ordinal)),
            $"expected '{expected}', not: {string.Join("\n", broken)}");
    }

    [Theory]
    [InlineData("address: order.created", "address: orders.created", "order send order.created is removed")]
    [InlineData("    action: send\n    x-app-id: order", "    action: send\n    x-app-id: gateway", "order send order.created is removed")]
    [InlineData("    action: receive\n    x-app-id: notification", "    action: receive\n    x-app-id: mail", "notification receive inventory.updated is removed")]
    [InlineData("version: \"1.1\"", "version: \"0.9\"", "0.9 is older than the release 1.1")]
    public void A_changed_topic_publisher_subscriber_or_an_older_version_is_caught(string from, string to, string expected)
    {
        var changed = ContractSet.Current.With("asyncapi.yaml", text => text.Replace(from, to, StringComparison.Ordinal));

        Assert.Contains(expected, Gate.Compare(ContractSet.Current, changed));
    }

    [Theory]
    [InlineData(Created, "order.created: the schema is removed")]
    [InlineData(Order, "order POST /orders is removed")]
    public void A_file_that_is_gone_is_caught(string file, string expected) =>
        Assert.Contains(expected, Gate.Compare(ContractSet.Current, ContractSet.Current.Without(file)));

    [Theory]
    [InlineData("1.2")]
    [InlineData("2.0")]
    public void A_new_version_may_have_a_new_value_of_an_enum(string version)
    {
        var changed = ContractSet.Current
            .With(Updated, text => Put(JsonNode.Parse(text)!, "/properties/outcome/enum/2", "\"partly_reserved\""))
            .With("asyncapi.yaml", text => text.Replace("version: \"1.1\"", $"version: \"{version}\"", StringComparison.Ordinal));

        Assert.Empty(Gate.Compare(ContractSet.Current, changed));
    }

    [Theory]
    [InlineData("1.2", 1)]
    [InlineData("2.0", 0)]
    public void Only_a_new_major_version_may_remove_a_field(string version, int broken)
    {
        var changed = ContractSet.Current
            .With(Order, text => Put(JsonNode.Parse(text)!, $"{View}/properties/created_at", null))
            .With("asyncapi.yaml", text => text.Replace("version: \"1.1\"", $"version: \"{version}\"", StringComparison.Ordinal));

        Assert.Equal(broken, Math.Min(1, Gate.Compare(ContractSet.Current, changed).Count));
    }

    [Fact]
    public async Task Version_is_released_once_and_a_later_change_of_it_is_noticed()
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

    /// <summary>Puts a value at a JSON pointer, or takes away what is there.</summary>
    private static string Put(JsonNode document, string pointer, string? value)
    {
        var names = pointer[1..].Split('/').Select(name => name.Replace("~1", "/", StringComparison.Ordinal)).ToList();
        var at = names.SkipLast(1).Aggregate(document, (node, name) => node is JsonArray list ? list[int.Parse(name, null)]! : node[name]!);
        switch (at)
        {
            case JsonArray list when value is null:
                list.RemoveAt(int.Parse(names[^1], null));
                break;
            case JsonArray list:
                list.Insert(int.Parse(names[^1], null), JsonNode.Parse(value));
                break;
            case JsonObject fields when value is null:
                Assert.True(fields.Remove(names[^1]), $"{pointer} is not there");
                break;
            default:
                at[names[^1]] = JsonNode.Parse(value!);
                break;
        }

        return document.ToJsonString();
    }
}
