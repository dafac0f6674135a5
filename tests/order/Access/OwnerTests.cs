using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.ServiceDefaults;
using DaprOrders.Testing;

namespace DaprOrders.OrderService.Tests.Access;

/// <summary>Runs in one service. Each test uses its own owners.</summary>
public sealed class OwnerTests(OrderServiceFixture fixture)
{
    private const string Caller = "dapr-caller-app-id";
    private const string Order = """{"item_id":"item-1","quantity":1}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bob")]
    [InlineData("ALICE")]
    [InlineData("alice2")]
    [InlineData(null)]
    public async Task Order_of_another_owner_is_404(string? other)
    {
        await using var host = await fixture.StartAsync();
        var id = await PlaceAsync(host, "alice");

        using var own = await SendAsync(host, "alice", HttpMethod.Get, $"/orders/{id}");
        using var foreign = await SendAsync(host, other, HttpMethod.Get, $"/orders/{id}?wait=20s");
        using var missing = await SendAsync(host, other, HttpMethod.Get, $"/orders/{Guid.NewGuid()}");

        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        Assert.Equal(await TextAsync(missing), await TextAsync(foreign));
    }

    [Fact]
    public async Task Lists_contain_only_the_orders_of_the_owner()
    {
        await using var host = await fixture.StartAsync();
        string[] alices = [await PlaceAsync(host, "alice"), await PlaceAsync(host, "alice")];
        var bobs = await PlaceAsync(host, "bob");
        var nobodys = await PlaceAsync(host, null);

        Assert.Equal(alices.Order(), (await ListAsync(host, "alice", "")).Order());
        Assert.Equal(alices.Order(), (await ListAsync(host, "alice", "?status=pending&limit=50")).Order());
        Assert.Equal([bobs], await ListAsync(host, "bob", ""));
        Assert.Equal([nobodys], await ListAsync(host, null, ""));
        Assert.Empty(await ListAsync(host, "carol", ""));
    }

    [Fact]
    public async Task Owners_can_use_the_same_key_for_different_orders()
    {
        await using var host = await fixture.StartAsync();

        var alices = await PlaceAsync(host, "alice", "key");
        var bobs = await PlaceAsync(host, "bob", "key", """{"item_id":"item-2","quantity":2}""");
        var nobodys = await PlaceAsync(host, null, "key");
        var replayed = await PlaceAsync(host, "alice", "key");

        Assert.Equal(3, new[] { alices, bobs, nobodys }.Distinct().Count());
        Assert.Equal(alices, replayed);
    }

    [Fact]
    public async Task Keys_of_a_batch_belong_to_the_owner()
    {
        await using var host = await fixture.StartAsync();
        var alices = await PlaceAsync(host, "alice", "key");

        var results = new List<string>();
        foreach (var owner in new[] { "alice", "bob" })
        {
            using var response = await SendAsync(
                host, owner, HttpMethod.Post, "/orders/batch", """{"orders":[{"item_id":"item-1","quantity":1,"idempotency_key":"key"},{"item_id":"item-1","quantity":1}]}""", "batch");
            var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            results.AddRange(body.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("id").GetString()!));
        }

        Assert.Equal(alices, results[0]);
        Assert.Equal(4, results.Distinct().Count());
        Assert.Equal("alice 2, bob 2", await host.QueryAsync<string>(
            "SELECT string_agg(owner || ' ' || orders, ', ' ORDER BY owner) FROM (SELECT owner, count(*) AS orders FROM orders GROUP BY owner) counts"));
    }

    [Fact]
    public async Task Concurrent_requests_of_two_owners_with_one_key_place_two_orders()
    {
        await using var host = await fixture.StartAsync();

        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PlaceAsync(host, i % 2 == 0 ? "alice" : "bob", "key")));

        Assert.Equal(2, ids.Distinct().Count());
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("inventory")]
    [InlineData("Gateway")]
    [InlineData("gateway,gateway")]
    [InlineData("")]
    public async Task Owner_is_refused_if_another_app_sends_it(string? caller)
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, (Owner.Header, "alice"), (Caller, caller), ("dapr-api-token", ServiceHost<Program>.AppToken)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    [InlineData("")]
    public async Task Owner_is_refused_without_the_token_of_the_sidecar(string? token)
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, (Owner.Header, "alice"), (Caller, "gateway"), ("dapr-api-token", token)));
    }

    [Fact]
    public async Task Owner_is_refused_if_the_service_has_no_token()
    {
        await using var host = await fixture.StartAsync(("APP_API_TOKEN", " "));

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, (Owner.Header, "alice"), (Caller, "gateway"), ("dapr-api-token", " ")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host)); // in Development, without an owner
    }

    [Theory]
    [InlineData("alice bob")]
    [InlineData("alice\u00e9")]
    [InlineData("alice\u007f")]
    [InlineData("alice\tbob")]
    public async Task Malformed_owner_is_refused(string owner)
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, (Owner.Header, owner), (Caller, "gateway"), ("dapr-api-token", ServiceHost<Program>.AppToken)));
    }

    [Fact]
    public async Task Owner_has_at_most_255_characters_and_is_sent_once()
    {
        await using var host = await fixture.StartAsync();
        (string, string?)[] gateway = [(Caller, "gateway"), ("dapr-api-token", ServiceHost<Program>.AppToken)];

        await PlaceAsync(host, new string('~', 255));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, [.. gateway, (Owner.Header, new string('~', 256))]));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, [.. gateway, (Owner.Header, "alice"), (Owner.Header, "bob")]));
        Assert.Equal(255, await host.QueryAsync<int>("SELECT length(owner) FROM orders"));
    }

    [Theory]
    [InlineData("Production", "", HttpStatusCode.Forbidden)] // a forgotten setting opens no service
    [InlineData("Production", "true", HttpStatusCode.Forbidden)]
    [InlineData("Production", "false", HttpStatusCode.OK)]
    [InlineData("Development", "", HttpStatusCode.OK)]
    [InlineData("Development", "true", HttpStatusCode.Forbidden)]
    public async Task With_authentication_only_the_gateway_may_call(string environment, string setting, HttpStatusCode expected)
    {
        await using var host = await fixture.StartAsync(("environment", environment), ("Authentication:Enabled", setting));

        Assert.Equal(expected, await StatusAsync(host));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, (Caller, "gateway"), ("dapr-api-token", ServiceHost<Program>.AppToken)));
    }

    private static async Task<string> PlaceAsync(ServiceHost<Program> host, string? owner, string? key = null, string body = Order)
    {
        using var response = await SendAsync(host, owner, HttpMethod.Post, "/orders", body, key);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
    }

    private static async Task<List<string>> ListAsync(ServiceHost<Program> host, string? owner, string query)
    {
        using var response = await SendAsync(host, owner, HttpMethod.Get, $"/orders{query}");
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return [.. body.GetProperty("items").EnumerateArray().Select(order => order.GetProperty("id").GetString()!)];
    }

    /// <summary>Sends a request as the gateway does. The client of the host sends the token of the sidecar.</summary>
    private static async Task<HttpResponseMessage> SendAsync(
        ServiceHost<Program> host, string? owner, HttpMethod method, string path, string? body = null, string? key = null)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")) };
        request.Headers.Add(Caller, "gateway");
        if (owner is not null)
        {
            request.Headers.Add(Owner.Header, owner);
        }

        if (key is not null)
        {
            request.Headers.Add(IdempotencyKey.Header, key);
        }

        return await client.SendAsync(request, Cancel);
    }

    private static async Task<HttpStatusCode> StatusAsync(ServiceHost<Program> host, params (string Name, string? Value)[] headers)
    {
        host.Start();
        using var client = host.Server.CreateClient(); // sends no token
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders");
        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    /// <summary>Returns the body without the trace id.</summary>
    private static async Task<string> TextAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadFromJsonAsync<Dictionary<string, JsonElement>>(Cancel);
        return string.Join(", ", body!.Where(field => field.Key != "trace_id"));
    }
}
