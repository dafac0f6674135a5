using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Json;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Tests the rules of Dapr's JSON library that change a value between publish and delivery.</summary>
public sealed class JsonTests : IAsyncLifetime
{
    private const int MaxDepth = 10_000;
    private const string Bulk = "\"bulkSubscribe\":{\"enabled\":true,\"maxMessagesCount\":1}";

    private readonly TestHost _host = new();
    private readonly TestApp _app = new(TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("pubsub.yaml");
        _app.Subscriptions = new AppResponse(200, $$"""
            [{"pubsubname":"pubsub","topic":"single","route":"/single","deadLetterTopic":"dead"},
             {"pubsubname":"pubsub","topic":"bulk","route":"/bulk","deadLetterTopic":"dead",{{Bulk}} },
             {"pubsubname":"pubsub","topic":"dead","route":"/dead","metadata":{"rawPayload":"true"} }]
            """);
        _app.Respond = call => Task.FromResult(new AppResponse(200, call.Path == "/bulk" ? """{"statuses":[{"entryId":"0","status":"SUCCESS"}]}""" : ""));
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("single", """ "a\ud800b" """, "a\ufffdb")]
    [InlineData("bulk", """ "\udc00\uD83D\ude00\\ud800" """, "\ufffd\U0001F600\\ud800")]
    public async Task Lone_surrogate_becomes_a_replacement_character(string topic, string data, string delivered) =>
        Assert.Equal(delivered, (await DeliverAsync(topic, data)).GetString());

    [Theory]
    [InlineData("single", "1.0")]
    [InlineData("single", "12345678901234567890")]
    [InlineData("single", "1.50")]
    [InlineData("bulk", "1.0")]
    public async Task Number_keeps_its_text(string topic, string number) =>
        Assert.Equal(number, (await DeliverAsync(topic, number)).GetRawText());

    [Fact]
    public async Task Bulk_delivery_rounds_numbers_to_doubles() =>
        Assert.Equal(12345678901234567000m, (await DeliverAsync("bulk", "12345678901234567890")).GetDecimal());

    [Theory]
    [InlineData("single")]
    [InlineData("bulk")]
    public async Task Number_beyond_a_double_goes_to_the_dead_letter_topic(string topic)
    {
        var sidecar = await _host.StartAsync("probe", _app.Port);

        await _host.PublishAsync(sidecar, "pubsub/" + topic, """{"n":1e400}""");

        var deadLetter = Assert.Single(await _app.WaitForAsync(1, "/dead"));
        Assert.Contains("1e400", Encoding.UTF8.GetString(Convert.FromBase64String(JsonNode.Parse(deadLetter.Body)!["data_base64"]!.GetValue<string>())));
        Assert.DoesNotContain(_app.Calls, call => call.Path == "/" + topic);
    }

    [Fact]
    public async Task Bulk_publish_rejects_a_number_beyond_a_double()
    {
        var sidecar = await _host.StartAsync("probe", _app.Port);

        using var response = await _host.PostAsync(
            sidecar, "/v1.0/publish/bulk/pubsub/single", """[{"entryId":"1","event":{"n":1e400},"contentType":"application/json"}]""");

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("ERR_PUBSUB_EVENTS_SER", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("single")]
    [InlineData("bulk")]
    public async Task Last_of_two_properties_with_the_same_name_is_kept(string topic) => Assert.Equal(
        """{"b":{"c":2},"a":4}""",
        (await DeliverAsync(topic, """{"a":{"d":1,"d":2},"b":{"c":1,"c":2},"a":3, "\u0061":4}""")).GetRawText().Replace("\\u0061", "a"));

    [Fact]
    public void Duplicate_property_is_removed_next_to_rounded_numbers_and_whitespace()
    {
        Assert.Equal("""[{"x":12345678901234567000,"y":1}]""", Read("""[{"y":98765432109876543210,"x":1,"x":12345678901234567000,"y":1}] rest"""));
        Assert.Equal("{\"a\":2}", Read("{\"a\":1,\n \"a\":2}"));
    }

    [Fact]
    public void Text_nested_deeper_than_10_000_levels_is_invalid()
    {
        var deepest = new string('[', MaxDepth) + new string(']', MaxDepth);

        Assert.Equal(deepest, Read(deepest));
        Assert.Throws<JsonException>(() => Read("[" + deepest + "]"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\" 1}")]
    [InlineData("[1,]")]
    [InlineData("\"\\u12\"")]
    public void Invalid_JSON_is_rejected(string text) => Assert.Throws<JsonException>(() => Read(text));

    private static string Read(string text) => Encoding.UTF8.GetString(JsonText.ReadFirst(Encoding.UTF8.GetBytes(text)).Span);

    private async Task<JsonElement> DeliverAsync(string topic, string data)
    {
        var sidecar = await _host.StartAsync("probe", _app.Port);
        await _host.PublishAsync(sidecar, "pubsub/" + topic, data);
        using var body = JsonDocument.Parse(Assert.Single(await _app.WaitForAsync(1, "/" + topic)).Body);
        var delivered = topic == "bulk" ? body.RootElement.GetProperty("entries")[0].GetProperty("event") : body.RootElement;
        return delivered.GetProperty("data").Clone();
    }
}
