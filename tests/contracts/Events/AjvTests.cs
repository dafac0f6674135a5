using System.Text.Json.Nodes;
using CsCheck;
using DaprOrders.Contracts.Tests.AsyncApi;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>The schemas by ajv, which shares no code with NJsonSchema. Needs Node, and npm with a registry.</summary>
[Trait("Form", "scripts")]
public sealed class SecondOpinionTests
{
    [Fact(Explicit = true)]
    public async Task Asyncapi_yaml_is_valid_by_the_schema_of_AsyncAPI_3_0()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(ContractFiles.Folder, "asyncapi.yaml"), TestContext.Current.CancellationToken);
        var document = AsyncApiFile.Parse(text).Document;

        var opinion = await SecondOpinion.AskAsync(new JsonObject { ["schemas"] = new JsonObject(), ["cases"] = new JsonArray(), ["asyncapi"] = document });

        Assert.Empty(opinion["asyncapi"]!.AsArray());
    }

    [Fact(Explicit = true)]
    public async Task Ajv_agrees_on_every_example_and_on_bad_and_generated_data()
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
}
