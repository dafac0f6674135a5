using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests.Routes;

public sealed class OrderRoutesTests
{
    private const string OrderId = "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e";
    private const string Orders = "/v1.0/invoke/order/method/orders";
    private const string Pending = $$"""{"id":"{{OrderId}}","item_id":"item-123","quantity":1,"status":"pending"}""";
    private const string Confirmed = $$"""{"id":"{{OrderId}}","item_id":"item-123","quantity":1,"status":"confirmed"}""";
    private const string AppDown =
        """{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: order, err: rpc error: code = Internal desc = error invoking app channel: Post \"http://127.0.0.1:8001/orders\": dial tcp 127.0.0.1:8001: connect: connection refused"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_is_forwarded_with_its_length_and_an_idempotency_key()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Orders, 201, Pending, location: $"/orders/{OrderId}");

        using var response = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(Pending, await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal($"/orders/{OrderId}", response.Headers.Location?.ToString());
        var request = Assert.Single(gateway.Sidecar.Server.LogEntries).RequestMessage!;
        Assert.Equal("""{"item_id":"item-123","quantity":1}""", request.Body);
        Assert.Equal("35", Assert.Single(request.Headers!["Content-Length"]));
        Assert.Equal(Assert.Single(response.Headers.GetValues("Idempotency-Key")), Assert.Single(request.Headers["Idempotency-Key"]));
    }

    [Fact]
    public async Task Key_of_the_client_is_used()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Orders, 201, Pending, location: $"/orders/{OrderId}");
        client.DefaultRequestHeaders.Add("Idempotency-Key", "my-key");

        using var response = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal("my-key", Assert.Single(response.Headers.GetValues("Idempotency-Key")));
        Assert.Equal("my-key", Assert.Single(Assert.Single(gateway.Sidecar.Server.LogEntries).RequestMessage!.Headers!["Idempotency-Key"]));
    }

    [Theory]
    [InlineData("my-key", true)] // the client may have sent the order before
    [InlineData(null, false)]
    public async Task Response_to_a_retry_is_replayed_only_if_the_client_sent_the_key(string? key, bool isReplay)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        var post = Request.Create().UsingPost().WithPath(Orders);
        gateway.Sidecar.Server.Given(post).InScenario("slow").WillSetStateTo("placed").RespondWith(Response.Create().WithStatusCode(503));
        gateway.Sidecar.Server.Given(post).InScenario("slow").WhenStateIs("placed").RespondWith(Response.Create()
            .WithStatusCode(201).WithHeader("Content-Type", "application/json").WithHeader("Idempotency-Replayed", "true").WithBody(Pending));
        if (key is not null)
        {
            client.DefaultRequestHeaders.Add("Idempotency-Key", key);
        }

        using var response = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(2, gateway.Sidecar.Server.LogEntries.Count);
        Assert.Equal(isReplay, response.Headers.Contains("Idempotency-Replayed"));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(415)]
    [InlineData(422)]
    public async Task Error_of_the_order_service_reaches_the_client_unchanged(int status)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Orders, status, """{"title":"from the order service"}""", "application/problem+json");

        using var response = await client.PostAsJsonAsync("/orders", new { }, Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("""{"title":"from the order service"}""", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Call_that_did_not_reach_the_service_is_retried_with_the_same_key()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        var post = Request.Create().UsingPost().WithPath(Orders);
        gateway.Sidecar.Server.Given(post).InScenario("restart").WillSetStateTo("back")
            .RespondWith(Response.Create().WithStatusCode(500).WithHeader("Content-Type", "application/json").WithBody(AppDown));
        gateway.Sidecar.Server.Given(post).InScenario("restart").WhenStateIs("back")
            .RespondWith(Response.Create().WithStatusCode(201).WithHeader("Content-Type", "application/json").WithBody(Pending));

        using var response = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var keys = gateway.Sidecar.Server.LogEntries.Select(entry => entry.RequestMessage!.Headers!["Idempotency-Key"].Single());
        Assert.Equal(2, keys.Count());
        Assert.Single(keys.Distinct());
    }

    [Theory]
    [InlineData(201, "application/json", "")]
    [InlineData(201, "application/json", """{"id":"0199b0c2-7e2a""")]
    [InlineData(200, null, "")] // from the runtime, if the service's sidecar ends before it has sent the headers
    public async Task Response_whose_body_is_cut_off_is_retried_with_the_same_key(int status, string? contentType, string body)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        var cutOff = Response.Create().WithStatusCode(status).WithBody(body);
        var post = Request.Create().UsingPost().WithPath(Orders);
        gateway.Sidecar.Server.Given(post).InScenario("cut off").WillSetStateTo("complete")
            .RespondWith(contentType is null ? cutOff : cutOff.WithHeader("Content-Type", contentType));
        gateway.Sidecar.Server.Given(post).InScenario("cut off").WhenStateIs("complete")
            .RespondWith(Response.Create().WithStatusCode(201).WithHeader("Content-Type", "application/json").WithBody(Pending));

        using var response = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(Pending, await response.Content.ReadAsStringAsync(Cancel));
        Assert.Single(gateway.Sidecar.Server.LogEntries.Select(entry => entry.RequestMessage!.Headers!["Idempotency-Key"].Single()).Distinct());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_that_never_reaches_the_service_is_503_with_the_key_for_a_retry(bool clientHasKey)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Orders, 500, AppDown);
        if (clientHasKey)
        {
            client.DefaultRequestHeaders.Add("Idempotency-Key", "my-key");
        }

        using var response = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("Retry-After")));
        var key = Assert.Single(response.Headers.GetValues("Idempotency-Key"));
        Assert.Contains($"Idempotency-Key: {key}", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.InRange(gateway.Sidecar.Server.LogEntries.Count, 2, 100);
    }

    [Fact]
    public async Task Wait_ends_as_soon_as_the_order_is_settled()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        var get = Request.Create().UsingGet().WithPath($"{Orders}/{OrderId}");
        gateway.Sidecar.Server.Given(get).InScenario("settling").WillSetStateTo("settled")
            .RespondWith(Response.Create().WithStatusCode(200).WithHeader("Content-Type", "application/json").WithBody(Pending));
        gateway.Sidecar.Server.Given(get).InScenario("settling").WhenStateIs("settled")
            .RespondWith(Response.Create().WithStatusCode(200).WithHeader("Content-Type", "application/json").WithBody(Confirmed));

        var order = await client.GetFromJsonAsync<JsonElement>($"/orders/{OrderId}?wait=30s", Cancel);

        Assert.Equal("confirmed", order.GetProperty("status").GetString());
        Assert.All(
            gateway.Sidecar.Server.LogEntries,
            entry => Assert.Equal("1000ms", entry.RequestMessage!.Query!["wait"].Single()));
    }

    [Fact]
    public async Task Wait_on_an_order_that_stays_pending_ends_with_the_pending_order()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new GatewayHost { Time = time };
        using var client = gateway.CreateClient();
        gateway.Sidecar.Server.Given(Request.Create().UsingGet().WithPath($"{Orders}/{OrderId}")).RespondWith(
            Response.Create().WithStatusCode(200).WithHeader("Content-Type", "application/json").WithBody(request =>
            {
                time.Advance(TimeSpan.FromMilliseconds(int.Parse(request.Query!["wait"].Single()[..^2], CultureInfo.InvariantCulture)));
                return Pending;
            }));

        var order = await client.GetStringAsync(new Uri($"/orders/{OrderId}?wait=2s", UriKind.Relative), Cancel);

        Assert.Equal(Pending, order);
        Assert.Equal(["1000ms", "1000ms", "0ms"], gateway.Sidecar.Server.LogEntries.Select(entry => entry.RequestMessage!.Query!["wait"].Single()));
    }

    [Theory]
    [InlineData("secret")]
    [InlineData(null)]
    public async Task Api_token_is_sent_to_the_sidecar_if_one_is_set(string? token)
    {
        await using var gateway = token is null ? new GatewayHost() : new GatewayHost(("DAPR_API_TOKEN", token));
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Orders, 201, Pending);
        gateway.StubResponse("GET", "/v1.0/invoke/inventory/method/inventory", 200, "{}");

        using var placed = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);
        await client.GetStringAsync(new Uri("/inventory", UriKind.Relative), Cancel);
        await client.GetStringAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel);

        Assert.Equal(3, gateway.Sidecar.Server.LogEntries.Count);
        Assert.All(gateway.Sidecar.Server.LogEntries, entry => Assert.Equal(
            token, entry.RequestMessage!.Headers!.TryGetValue("dapr-api-token", out var sent) ? sent.Single() : null));
    }

    [Fact]
    public async Task Credentials_of_the_client_are_not_forwarded()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Orders, 201, Pending);
        gateway.StubResponse("GET", Orders, 200, "{}");
        client.DefaultRequestHeaders.Add("Authorization", "Bearer secret");
        client.DefaultRequestHeaders.Add("Cookie", "session=secret");

        using var placed = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);
        await client.GetStringAsync(new Uri("/orders", UriKind.Relative), Cancel);

        Assert.Equal(2, gateway.Sidecar.Server.LogEntries.Count);
        Assert.All(gateway.Sidecar.Server.LogEntries, entry => Assert.DoesNotContain(
            entry.RequestMessage!.Headers!.Values.SelectMany(values => values), value => value.Contains("secret", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/inventory/item-123", "/v1.0/invoke/inventory/method/inventory/item-123")]
    [InlineData($"/notifications?order_id={OrderId}", "/v1.0/invoke/notification/method/notifications")]
    [InlineData($"/orders/{OrderId}", $"{Orders}/{OrderId}")]
    [InlineData("/orders", Orders)]
    [InlineData("/inventory", "/v1.0/invoke/inventory/method/inventory")]
    public async Task Read_goes_to_the_service_that_owns_the_data(string path, string invocation)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("GET", invocation, 200, """{"from":"the owner"}""");

        Assert.Equal("""{"from":"the owner"}""", await client.GetStringAsync(new Uri(path, UriKind.Relative), Cancel));
    }

    [Theory]
    [InlineData("/orders?status=pending&limit=2&cursor=abc")]
    [InlineData("/orders?cursor=%00&unknown=1&unknown=2")]
    public async Task Query_of_a_list_reaches_its_service_unchanged(string path)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("GET", Orders, 400, """{"title":"from the order service"}""", "application/problem+json");

        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancel);

        Assert.Equal("""{"title":"from the order service"}""", await response.Content.ReadAsStringAsync(Cancel));
        var forwarded = Assert.Single(gateway.Sidecar.Server.LogEntries).RequestMessage!;
        Assert.EndsWith($"/method{path}", forwarded.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gateway_is_unready_while_its_sidecar_is_unhealthy()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        Assert.Equal("""{"status":"healthy","failing":{}}""", await client.GetStringAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel));

        gateway.Sidecar.Server.Given(Request.Create().WithPath("/v1.0/healthz/outbound")).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500));
        using var ready = await client.GetAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("the sidecar responds 500: ", (await ready.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("failing").GetProperty("sidecar").GetString());
    }
}
