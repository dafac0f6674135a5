using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>Tests the order flow, through the gateway only, with one service in another language. Also runs the commands of contracts/README.md.</summary>
[Trait("Form", "scripts")]
public sealed partial class PolyglotTests(NodeStack stack) : IClassFixture<NodeStack>, IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Programs.Has("node"), "the sample needs Node 20");
        await stack.StartAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory(Explicit = true)]
    [InlineData("item-123", 1, "confirmed", null, "reserved")]
    [InlineData("item-100", 4, "rejected", "out_of_stock", "rejected")]
    [InlineData("no-such-item", 1, "rejected", "unknown_item", "rejected")]
    public async Task Order_is_settled_and_notified(string item, int quantity, string status, string? reason, string outcome)
    {
        var placed = await PlaceAsync(item, quantity);
        var id = placed.GetProperty("id").GetString();

        var settled = await UntilAsync($"/orders/{id}?wait=30s", order => order.GetProperty("status").GetString() != "pending");
        var list = await UntilAsync($"/notifications?order_id={id}", page => page.GetProperty("items").GetArrayLength() > 0);

        Assert.Equal(status, settled.GetProperty("status").GetString());
        Assert.Equal(reason, settled.TryGetProperty("reason", out var text) ? text.GetString() : null);
        var notification = Assert.Single(list.GetProperty("items").EnumerateArray());
        Assert.Equal(outcome, notification.GetProperty("outcome").GetString());
        Assert.Equal(reason, notification.GetProperty("reason").GetString());
        Assert.Equal(item, notification.GetProperty("item_id").GetString());
    }

    [Fact(Explicit = true)]
    public async Task Concurrent_orders_are_each_settled_and_notified_once()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => (await PlaceAsync("item-7", 1)).GetProperty("id").GetString()!));

        foreach (var id in ids)
        {
            var order = await UntilAsync($"/orders/{id}?wait=30s", order => order.GetProperty("status").GetString() != "pending");
            Assert.Equal("confirmed", order.GetProperty("status").GetString());
            var list = await UntilAsync($"/notifications?order_id={id}", page => page.GetProperty("items").GetArrayLength() > 0);
            Assert.Single(list.GetProperty("items").EnumerateArray());
        }
    }

    [Fact(Explicit = true)]
    public async Task Error_of_the_service_reaches_the_client_through_the_gateway()
    {
        using var response = await stack.Gateway.GetAsync(new Uri("/notifications?limit=0", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("limit", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Every_command_in_the_README_of_the_contracts_prints_the_output_below_it()
    {
        var blocks = CodeBlock().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "contracts", "README.md"), Cancel))
            .Select(match => (Language: match.Groups[1].Value, Text: match.Groups[2].Value.Trim()))
            .ToList();
        var commands = blocks.Zip(blocks.Skip(1)).Where(pair => pair.First.Language == "sh" && pair.Second.Language == "text").ToList();
        Assert.InRange(commands.Count, 8, 100);
        Assert.Equal(["../run.sh contracts release 1.1", "../run.sh contracts write"], blocks // these have their own tests
            .Where((block, i) => block.Language == "sh" && (i + 1 == blocks.Count || blocks[i + 1].Language != "text"))
            .Select(block => block.Text).Order(StringComparer.Ordinal));

        foreach (var (command, expected) in commands)
        {
            var (_, output) = await Programs.RunAsync(Path.Combine(Repository.Root, "contracts"), "", "bash", "-c", $"export APP_API_TOKEN={stack.AppToken}\n{stack.WithFreePorts(command.Text)}");

            Assert.Equal(Mask(expected.Text), Mask(output));
        }
    }

    /// <summary>Places an order. On a busy machine the gateway may ask for a retry, which the key makes safe.</summary>
    private Task<JsonElement> PlaceAsync(string item, int quantity)
    {
        var key = Guid.NewGuid().ToString();
        return UntilAsync("a placed order", async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/orders");
            request.Headers.Add("Idempotency-Key", key);
            request.Content = new StringContent(JsonSerializer.Serialize(new { item_id = item, quantity }), Encoding.UTF8, "application/json");
            return await stack.Gateway.SendAsync(request, Cancel);
        });
    }

    /// <summary>Reads a path until its response meets the condition. A notification may appear later than the outcome of its order.</summary>
    private Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> condition) =>
        UntilAsync(path, () => stack.Gateway.GetAsync(new Uri(path, UriKind.Relative), Cancel), condition);

    private static async Task<JsonElement> UntilAsync(string what, Func<Task<HttpResponseMessage>> send, Func<JsonElement, bool>? condition = null)
    {
        JsonElement body = default;
        await Wait.UntilAsync(
            what,
            async () =>
            {
                using var response = await send();
                if (response.Headers.RetryAfter is not null)
                {
                    return false;
                }

                body = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Cancel);
                return condition is null || condition(body);
            },
            TimeSpan.FromSeconds(90));
        return body;
    }

    private static string Mask(string output)
    {
        var masked = Uuid().Replace(output.Replace("\r", "", StringComparison.Ordinal), "<id>");
        return Time().Replace(masked, "<time>").Trim();
    }

    [GeneratedRegex("^```(\\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+(\+00:00|Z)")]
    private static partial Regex Time();
}
