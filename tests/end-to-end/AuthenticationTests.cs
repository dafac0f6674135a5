using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using DaprOrders.Stack;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Starts a system with authentication.</summary>
public sealed class AuthenticationTests : IAsyncLifetime
{
    private const string Bearer = "Authentication__Schemes__Bearer__";
    private const string Issuer = "tests";
    private const string Order = """{"item_id":"item-123","quantity":1}""";

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    private readonly StackHost _stack = new(new StackOptions
    {
        Environment = new Dictionary<string, string>
        {
            ["Authentication__Enabled"] = "true",
            [$"{Bearer}ValidIssuer"] = Issuer,
            [$"{Bearer}ValidAudiences__0"] = "dapr-orders",
            [$"{Bearer}SigningKeys__0__Issuer"] = Issuer,
            [$"{Bearer}SigningKeys__0__Value"] = Convert.ToBase64String(Key),
        },
    });

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(_stack.IsAttached, "The running system has its own settings.");
        await _stack.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _stack.DisposeAsync();
    }

    [Fact]
    public async Task Order_and_its_notification_belong_to_the_subject_that_placed_it()
    {
        var (alice, bob) = (Issue("alice", "orders.read orders.write"), Issue("bob", "orders.read orders.write"));

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Post, "/orders", null));
        var id = (await ReadAsync(HttpMethod.Post, "/orders", alice)).GetProperty("id").GetString();
        var bobs = (await ReadAsync(HttpMethod.Post, "/orders", bob)).GetProperty("id").GetString();

        Assert.NotEqual(id, bobs); // with the same key
        Assert.Equal("confirmed", (await ReadAsync(HttpMethod.Get, $"/orders/{id}?wait=20s", alice)).GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(HttpMethod.Get, $"/orders/{id}", bob));
        Assert.Equal([bobs], Items(await ReadAsync(HttpMethod.Get, "/orders", bob), "id"));
        await Wait.UntilAsync("the notification", async () => Items(await ReadAsync(HttpMethod.Get, $"/notifications?order_id={id}", alice), "order_id").SequenceEqual([id]));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(HttpMethod.Get, $"/notifications?order_id={id}", bob));

        await AssertOtherCallersAreRefusedAsync();
        await AssertOperatorsReachDeadLettersAsync();
    }

    /// <summary>Sends the headers of the gateway to the order service itself, and through the sidecar of another service.</summary>
    private async Task AssertOtherCallersAreRefusedAsync()
    {
        var order = _stack.Instances.Single(instance => instance.AppId == "order");
        var inventory = _stack.Instances.Single(instance => instance.AppId == "inventory");
        string[] urls =
        [
            $"http://127.0.0.1:{order.Port}/orders",
            $"http://127.0.0.1:{inventory.SidecarPort}/v1.0/invoke/order/method/orders",
            $"http://127.0.0.1:{inventory.SidecarPort}/v1.0/invoke/order/method/dead-letters",
        ];
        foreach (var url in urls)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Add("dapr-caller-app-id", "gateway");
            request.Headers.Add("DaprOrders-Owner", "alice");

            using var response = await _client.SendAsync(request, Cancel);

            Assert.Contains(response.StatusCode, new[] { HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized });
        }
    }

    private async Task AssertOperatorsReachDeadLettersAsync()
    {
        var (alice, oscar) = (Issue("alice", "orders.read orders.write"), Issue("oscar", "operate"));
        await _stack.QueryAsync(
            "orders_db",
            """
            INSERT INTO dead_letters (direction, topic, source, event_id, data_hash, body, reason, attempts)
            VALUES ('in', 'inventory.updated', 'test', '1', '\x00', '{}', 'test', 1)
            """);

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(HttpMethod.Get, "/services/order/dead-letters", alice));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(HttpMethod.Get, "/orders", oscar));
        var id = Assert.Single((await ReadAsync(HttpMethod.Get, "/services/order/dead-letters?topic=inventory.updated", oscar)).GetProperty("items").EnumerateArray())
            .GetProperty("id").GetInt64();
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(HttpMethod.Post, $"/services/order/dead-letters/{id}/redrive", oscar));
        Assert.Equal(HttpStatusCode.NoContent, await StatusAsync(HttpMethod.Delete, $"/services/order/dead-letters/{id}", oscar));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(HttpMethod.Delete, $"/services/order/dead-letters/{id}", oscar));
    }

    private async Task<JsonElement> ReadAsync(HttpMethod method, string path, string token)
    {
        using var response = await SendAsync(method, path, token);
        Assert.True(response.IsSuccessStatusCode, $"{path} {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancel)}");
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string? token)
    {
        using var response = await SendAsync(method, path, token);
        return response.StatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? token)
    {
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
        {
            request.Content = new StringContent(Order, new MediaTypeHeaderValue("application/json"));
            request.Headers.Add("Idempotency-Key", "one-key");
        }

        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await _stack.Gateway.SendAsync(request, Cancel);
    }

    private static IEnumerable<string?> Items(JsonElement page, string field) =>
        page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty(field).GetString());

    private static string Issue(string subject, string scopes) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Issuer,
        Audience = "dapr-orders",
        Expires = DateTime.UtcNow.AddHours(1),
        Claims = new Dictionary<string, object> { ["sub"] = subject, ["scope"] = scopes },
        SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(Key), SecurityAlgorithms.HmacSha256),
    });
}
