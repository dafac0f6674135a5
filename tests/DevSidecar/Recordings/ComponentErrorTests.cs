using System.Text.Json.Nodes;
using DaprOrders.DevSidecar.Resources;
using DaprOrders.DevSidecar.Tests.Support;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>component_errors.json: files with which the runtime does not start.</summary>
public sealed class ComponentErrorTests : IAsyncDisposable
{
    private readonly TestHost _host = new();

    // There is no broker that could not be reached.
    public static TheoryData<string> Cases => Recording.Cases("component_errors", "kafka_unreachable", "redis_unreachable", "broken_yaml");

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_sidecar_refuses_the_resources_that_the_runtime_refuses(string name)
    {
        var recorded = Recording.Case("component_errors", name);
        Add(recorded["yaml"]!);

        var error = Assert.Throws<ResourceException>(() => _host.Create("probe"));

        Assert.Contains(error.Message, recorded["errors"]!.AsArray()[^1]!.GetValue<string>());
    }

    [Fact]
    public async Task Broken_YAML_is_a_warning_and_the_component_is_missing()
    {
        Add(Recording.Case("component_errors", "broken_yaml")["yaml"]!);
        _host.AddSetup("mem.yaml");

        var sidecar = await _host.StartAsync("probe");

        Assert.Contains(_host.Log, line => line.StartsWith("Warning") && line.Contains("c0.yaml:3:"));
        Assert.True(sidecar.IsReady);
    }

    private void Add(JsonNode yaml)
    {
        var texts = yaml is JsonArray several ? several.Select(text => text!.GetValue<string>()) : [yaml.GetValue<string>()];
        foreach (var (number, text) in texts.Index())
        {
            _host.AddResource($"c{number}.yaml", text);
        }
    }
}
