using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Consumers;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;

namespace DaprOrders.Contracts.Tests.Events;

public sealed class SchemaTests
{
    /// <summary>
    /// Keywords that mean the same in draft-07 and 2020-12, and that every validator supports. Among those left out are format (validated in
    /// draft-07, only an annotation in 2020-12), $ref (draft-07 ignores the keywords next to it), definitions, items as a list, dependencies,
    /// contains, const and if.
    /// </summary>
    private static readonly string[] Keywords =
    [
        "$schema", "title", "description", "examples", "type", "properties", "required", "enum",
        "minimum", "maximum", "minLength", "maxLength", "pattern", "x-unit",
    ];

    public static TheoryData<string> Topics => [.. ContractFiles.Topics()];

    public static TheoryData<string> Examples => [.. ContractFiles.Examples()];

    [Theory]
    [MemberData(nameof(Topics))]
    public void Schema_uses_only_keywords_that_mean_the_same_in_draft_07_and_2020_12(string topic) =>
        Assert.Empty(OtherKeywords(ContractFiles.Schema(topic)));

    [Theory]
    [MemberData(nameof(Topics))]
    public void Each_field_has_a_title_description_unit_range_and_valid_examples(string topic)
    {
        foreach (var (name, field) in ContractFiles.Schema(topic)["properties"]!.AsObject())
        {
            Assert.All((string[])["title", "description", "x-unit"], keyword => Assert.False(string.IsNullOrWhiteSpace((string?)field![keyword]), $"{name} has no {keyword}"));
            Assert.True(
                (field!["minimum"] is not null && field["maximum"] is not null) || field["pattern"] is not null || field["enum"] is not null, $"{name} has no range");
            Assert.NotEmpty(field["examples"]!.AsArray());
            Assert.All(field["examples"]!.AsArray(), example => Assert.Empty(EventSchemas.Validate(field.AsObject(), example)));
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Example_is_valid_and_has_the_structure_of_a_recorded_delivery(string name)
    {
        var example = ContractFiles.Example(name);
        var recorded = example["entries"] is null
            ? JsonNode.Parse((string)Recordings.Read("publish")["text"]!["delivered"]![0]!["body"]!)!
            : JsonNode.Parse((string)Recordings.Read("bulk_delivery")["all_success"]!["deliveries"]![0]!["body"]!)!;

        Assert.Equal(Keys(recorded), Keys(example));
        if (example["entries"] is JsonArray entries)
        {
            Assert.All(entries, entry => Assert.Equal(Keys(recorded["entries"]![0]!), Keys(entry!)));
            Assert.All(entries, entry => Assert.Equal(Keys(recorded["entries"]![0]!["event"]!), Keys(entry!["event"]!)));
            Assert.All(entries, entry => Assert.Superset(
                Keys(recorded["entries"]![0]!["metadata"]!).ToHashSet(), Keys(entry!["metadata"]!).ToHashSet()));
        }

        foreach (var message in Delivery.EventsOf(example))
        {
            Assert.Empty(EventSchemas.Validate((string)message["topic"]!, message["data"]));
            Assert.Equal((string?)message["topic"], (string?)message["type"]);
        }
    }

    [Fact]
    public void Delivery_of_the_tests_has_the_structure_of_a_recorded_one()
    {
        var recorded = JsonNode.Parse((string)Recordings.Read("bulk_delivery")["all_success"]!["deliveries"]![0]!["body"]!)!;

        var delivery = Delivery.Bulk("order.created", [ContractFiles.Example("order.created")]);

        Assert.Equal(Keys(recorded), Keys(delivery));
        Assert.Equal(Keys(recorded["entries"]![0]!), Keys(delivery["entries"]![0]!));
        Assert.Equal(Keys(recorded["entries"]![0]!["event"]!), Keys(delivery["entries"]![0]!["event"]!));
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void Every_enum_value_and_both_kinds_of_delivery_have_an_example(string topic)
    {
        var examples = ContractFiles.Examples().Select(ContractFiles.Example).Where(example => (string?)example["topic"] == topic).ToList();
        var events = examples.SelectMany(Delivery.EventsOf).ToList();

        Assert.Contains(examples, example => example["entries"] is not null);
        Assert.Contains(examples, example => example["entries"] is null);
        foreach (var (name, field) in ContractFiles.Schema(topic)["properties"]!.AsObject().Where(field => field.Value!["enum"] is not null))
        {
            Assert.All(field!["enum"]!.AsArray(), value => Assert.Contains(events, message => JsonNode.DeepEquals(message["data"]![name], value)));
        }
    }

    private static IEnumerable<string> OtherKeywords(JsonObject schema) =>
        schema.Select(keyword => keyword.Key).Except(Keywords)
            .Concat((schema["properties"]?.AsObject() ?? []).SelectMany(field => OtherKeywords(field.Value!.AsObject())));

    private static IEnumerable<string> Keys(JsonNode node) => node.AsObject().Select(field => field.Key);
}
