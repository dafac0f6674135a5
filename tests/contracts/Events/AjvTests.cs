using System.Text.Json.Nodes;
using CsCheck;
using DaprOrders.Contracts.Tests.AsyncApi;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>Validates the schemas with ajv, which shares no code with NJsonSchema. Needs Node, and npm with access to a registry.</summary>
[Trait("Form", "scripts")]
public sealed class AjvTests
{
    [Fact(Explicit = true)]
    public async Task Asyncapi_yaml_conforms_to_the_schema_of_AsyncAPI_3_0()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(ContractFiles.Folder, "asyncapi.yaml"), TestContext.Current.CancellationToken);
        var document = AsyncApiFile.Parse(text).Document;

        var result = await Ajv.ValidateAsync(new JsonObject { ["schemas"] = new JsonObject(), ["cases"] = new JsonArray(), ["asyncapi"] = document });

        Assert.Empty(result["asyncapi"]!.AsArray());
    }

    [Fact(Explicit = true)]
    public async Task Ajv_agrees_with_NJsonSchema_on_examples_and_on_invalid_and_generated_data()
    {
        var cases = Cases().ToList();
        var input = new JsonObject
        {
            ["schemas"] = new JsonObject(ContractFiles.Topics().Select(topic => KeyValuePair.Create<string, JsonNode?>(topic, ContractFiles.Schema(topic)))),
            ["cases"] = new JsonArray([.. cases.Select(item => new JsonObject { ["schema"] = item.Topic, ["data"] = item.Data?.DeepClone() })]),
        };

        var result = await Ajv.ValidateAsync(input);

        for (var i = 0; i < cases.Count; i++)
        {
            var isValid = EventSchemas.Validate(cases[i].Topic, cases[i].Data).Count == 0;
            var ajv = (Draft7: (bool)result["draft7"]![i]!, Draft2020: (bool)result["draft2020"]![i]!);
            Assert.True(ajv == (isValid, isValid), $"{cases[i].Topic}: NJsonSchema says {isValid}, ajv says {ajv} for {cases[i].Data?.ToJsonString()}");
            Assert.True(cases[i].IsValid is not { } expected || expected == isValid, $"{cases[i].Topic}: NJsonSchema says {isValid} for {cases[i].Data?.ToJsonString()}");
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
                foreach (var invalid in InvalidValues(field!))
                {
                    var copy = data.DeepClone().AsObject();
                    copy[name] = invalid?.DeepClone();
                    yield return (topic, copy, false);
                }

                var without = data.DeepClone().AsObject();
                without.Remove(name);
                yield return (topic, without, false);
            }
        }

        foreach (var topic in ContractFiles.Topics())
        {
            foreach (var invalid in (JsonNode?[])[null, "text", 1, new JsonArray(), new JsonObject()])
            {
                yield return (topic, invalid, false);
            }

            // Each run generates new data. Both validators get the same data.
            for (var i = 0; i < 500; i++)
            {
                yield return (topic, EventData.Of(topic).Single(), true);
                yield return (topic, EventData.Mutated(EventData.Of(topic)).Single(), null);
            }
        }
    }

    /// <summary>Returns values that a field must not have. Some of them are just outside its range.</summary>
    private static IEnumerable<JsonNode?> InvalidValues(JsonNode field)
    {
        yield return true;
        yield return new JsonObject();
        if (field["minimum"] is { } minimum)
        {
            yield return (long)minimum - 1;
            yield return (long)field["maximum"]! + 1;
            yield return (long)minimum + 0.5;
            yield return $"{minimum}";
            yield return null;
        }
        else
        {
            yield return "";
            yield return "no such value";
            yield return 1;
        }
    }
}
