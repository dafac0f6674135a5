using System.Text.Json.Nodes;
using CsCheck;
using DaprOrders.Contracts.Tests.Consumers;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;

namespace DaprOrders.Contracts.Tests.Events;

public sealed class SchemaTests
{
    /// <summary>
    /// Keywords that draft-07 and 2020-12 understand alike and every validator has. Not among them: format (checked by the one, a remark to the
    /// other), $ref (its neighbours count in one of them only), definitions, items as a list, dependencies, contains, const and if.
    /// </summary>
    private static readonly string[] Keywords =
    [
        "$schema", "title", "description", "examples", "type", "properties", "required", "enum",
        "minimum", "maximum", "minLength", "maxLength", "pattern", "x-unit",
    ];

    private static readonly Dictionary<string, string> PlantedKeywords = new()
    {
        ["format"] = "\"uuid\"",
        ["$ref"] = "\"#\"",
        ["definitions"] = "{}",
        ["$defs"] = "{}",
        ["items"] = "[]",
        ["dependencies"] = "{}",
        ["unevaluatedProperties"] = "false",
    };

    public static TheoryData<string> Topics => [.. ContractFiles.Topics()];

    public static TheoryData<string> Planted => [.. PlantedKeywords.Keys];

    public static TheoryData<string> Examples => [.. ContractFiles.Examples()];

    [Theory]
    [MemberData(nameof(Topics))]
    public void A_schema_uses_only_keywords_that_mean_the_same_in_draft_07_and_2020_12(string topic) =>
        Assert.Empty(Foreign(ContractFiles.Schema(topic)));

    [Theory]
    [MemberData(nameof(Planted))]
    public void Another_keyword_is_noticed_wherever_it_stands(string keyword)
    {
        var schema = ContractFiles.Schema("order.created");
        schema["properties"]!["quantity"]!.AsObject()[keyword] = JsonNode.Parse(PlantedKeywords[keyword]);

        Assert.Equal([keyword], Foreign(schema));
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void Each_field_has_title_description_unit_range_and_examples_that_are_valid(string topic)
    {
        foreach (var (name, field) in ContractFiles.Schema(topic)["properties"]!.AsObject())
        {
            Assert.All((string[])["title", "description", "x-unit"], keyword => Assert.False(string.IsNullOrWhiteSpace((string?)field![keyword]), $"{name}: {keyword}"));
            Assert.True(
                (field!["minimum"] is not null && field["maximum"] is not null) || field["pattern"] is not null || field["enum"] is not null, $"{name}: range");
            Assert.NotEmpty(field["examples"]!.AsArray());
            Assert.All(field["examples"]!.AsArray(), example => Assert.Empty(EventSchemas.Validate(field.AsObject(), example)));
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_valid_and_has_the_form_in_which_the_real_runtime_delivers(string name)
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
    public void The_suite_delivers_in_the_form_in_which_the_real_runtime_does()
    {
        var recorded = JsonNode.Parse((string)Recordings.Read("bulk_delivery")["all_success"]!["deliveries"]![0]!["body"]!)!;

        var delivery = Delivery.Bulk("order.created", [ContractFiles.Example("order.created")]);

        Assert.Equal(Keys(recorded), Keys(delivery));
        Assert.Equal(Keys(recorded["entries"]![0]!), Keys(delivery["entries"]![0]!));
        Assert.Equal(Keys(recorded["entries"]![0]!["event"]!), Keys(delivery["entries"]![0]!["event"]!));
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void Every_value_of_every_enum_and_both_forms_of_delivery_have_an_example(string topic)
    {
        var examples = ContractFiles.Examples().Select(ContractFiles.Example).Where(example => (string?)example["topic"] == topic).ToList();
        var events = examples.SelectMany(Delivery.EventsOf).ToList();

        Assert.Contains(examples, example => example["entries"] is not null);
        Assert.Contains(examples, example => example["entries"] is null);
        foreach (var (name, field) in ContractFiles.Schema(topic)["properties"]!.AsObject().Where(field => field.Value!["enum"] is not null))
        {
            Assert.All(field!["enum"]!.AsArray(), word => Assert.Contains(events, message => JsonNode.DeepEquals(message["data"]![name], word)));
        }
    }

    [Fact]
    public async Task Another_validator_agrees_by_both_drafts_on_every_example_and_on_bad_and_generated_data()
    {
        var cases = Cases().ToList();
        var question = new JsonObject
        {
            ["schemas"] = new JsonObject(ContractFiles.Topics().Select(topic => KeyValuePair.Create<string, JsonNode?>(topic, ContractFiles.Schema(topic)))),
            ["cases"] = new JsonArray([.. cases.Select(one => new JsonObject { ["schema"] = one.Topic, ["data"] = one.Data?.DeepClone() })]),
        };

        var opinion = await SecondOpinion.AskAsync(question);

        for (var i = 0; i < cases.Count; i++)
        {
            var ours = EventSchemas.Validate(cases[i].Topic, cases[i].Data).Count == 0;
            var theirs = ((bool)opinion["draft7"]![i]!, (bool)opinion["draft2020"]![i]!);
            Assert.True(theirs == (ours, ours), $"{cases[i].Topic}: we say {ours}, ajv {theirs}: {cases[i].Data?.ToJsonString()}");
            Assert.True(cases[i].IsValid is not { } known || known == ours, $"{cases[i].Topic} {ours}: {cases[i].Data?.ToJsonString()}");
        }
    }

    private static IEnumerable<(string Topic, JsonNode? Data, bool? IsValid)> Cases()
    {
        foreach (var message in ContractFiles.Examples().SelectMany(name => Delivery.EventsOf(ContractFiles.Example(name))))
        {
            var (topic, data) = ((string)message["topic"]!, message["data"]!.AsObject());
            yield return (topic, data, true);
            foreach (var (name, field) in ContractFiles.Schema(topic)["properties"]!.AsObject())
            {
                foreach (var bad in Bad(field!))
                {
                    var copy = data.DeepClone().AsObject();
                    copy[name] = bad?.DeepClone();
                    yield return (topic, copy, false);
                }

                var without = data.DeepClone().AsObject();
                without.Remove(name);
                yield return (topic, without, false);
            }
        }

        foreach (var topic in ContractFiles.Topics())
        {
            foreach (var nothing in (JsonNode?[])[null, "text", 1, new JsonArray(), new JsonObject()])
            {
                yield return (topic, nothing, false);
            }

            // Generated ones are new in each run; both validators get the same.
            for (var i = 0; i < 500; i++)
            {
                yield return (topic, EventData.Of(topic).Single(), true);
                yield return (topic, EventData.Mutated(EventData.Of(topic)).Single(), null);
            }
        }
    }

    /// <summary>Values just outside of what a field may be.</summary>
    private static IEnumerable<JsonNode?> Bad(JsonNode field)
    {
        yield return true;
        yield return new JsonObject();
        if (field["minimum"] is { } least)
        {
            yield return (long)least - 1;
            yield return (long)field["maximum"]! + 1;
            yield return (long)least + 0.5;
            yield return $"{least}";
            yield return null;
        }
        else
        {
            yield return "";
            yield return "no such word";
            yield return 1;
        }
    }

    private static IEnumerable<string> Foreign(JsonObject schema) =>
        schema.Select(keyword => keyword.Key).Except(Keywords)
            .Concat((schema["properties"]?.AsObject() ?? []).SelectMany(field => Foreign(field.Value!.AsObject())));

    private static IEnumerable<string> Keys(JsonNode node) => node.AsObject().Select(field => field.Key);
}
