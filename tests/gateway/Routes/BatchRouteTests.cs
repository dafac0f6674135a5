using System.Net;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests.Routes;

public sealed class BatchRouteTests
{
    private const string Batch = "/v1.0/invoke/order/method/orders/batch";
    private const string Body = """{"orders":[{"item_id":"item-123","quantity":1},17]}""";
    private const string Results = """{"results":[{"index":0,"status":201,"id":"0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e"},{"index":1,"status":400,"problem":{}}]}""";
    private const string NoResponse = """{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: order, err: context deadline exceeded"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Batch_and_its_response_are_forwarded_unchanged()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Batch, 200, Results);

        using var response = await PostAsync(client, Body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Results, await response.Content.ReadAsStringAsync(Cancel));
        var request = Assert.Single(gateway.Sidecar.Server.LogEntries).RequestMessage!;
        Assert.Equal(Body, request.Body);
        Assert.Equal($"{Body.Length}", Assert.Single(request.Headers!["Content-Length"]));
        Assert.Equal(Assert.Single(response.Headers.GetValues("Idempotency-Key")), Assert.Single(request.Headers["Idempotency-Key"]));
    }

    [Fact]
    public async Task Batch_whose_response_is_lost_is_retried_with_the_same_key()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        var post = Request.Create().UsingPost().WithPath(Batch);
        gateway.Sidecar.Server.Given(post).InScenario("lost").WillSetStateTo("then").RespondWith(Json(500, NoResponse));
        gateway.Sidecar.Server.Given(post).InScenario("lost").WhenStateIs("then").RespondWith(Json(200, Results));

        using var response = await PostAsync(client, Body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var requests = gateway.Sidecar.Server.LogEntries.Select(entry => entry.RequestMessage!).ToList();
        Assert.Equal(2, requests.Count);
        Assert.Equal([Body], requests.Select(request => request.Body).Distinct());
        Assert.Equal(
            [Assert.Single(response.Headers.GetValues("Idempotency-Key"))],
            requests.Select(request => request.Headers!["Idempotency-Key"].Single()).Distinct());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(415)]
    public async Task Error_of_the_order_service_reaches_the_client_unchanged(int status)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Batch, status, """{"title":"from the order service"}""", "application/problem+json");

        using var response = await PostAsync(client, "{}");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("""{"title":"from the order service"}""", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Batch_of_512_KiB_is_accepted()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Batch, 200, Results);

        using var response = await PostAsync(client, new string(' ', 512 << 10));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Batch_over_512_KiB_is_413_with_or_without_a_length(bool chunked)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();

        using var response = await PostAsync(client, new string(' ', (512 << 10) + 1), chunked);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("524288 bytes", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Single(response.Headers.GetValues("Idempotency-Key"));
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Fact]
    public async Task Batch_counts_as_one_request_for_the_rate_limit()
    {
        await using var gateway = new GatewayHost(("RateLimit:PermitsPerSecond", "1"));
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", Batch, 200, Results);

        using var first = await PostAsync(client, Body);
        var others = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync(client, Body)));

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Contains(others, response => response.StatusCode is HttpStatusCode.TooManyRequests);
    }

    private static IResponseBuilder Json(int status, string body) =>
        Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/json").WithBody(body);

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string body, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders/batch");
        request.Content = new StringContent(body, null, "application/json");
        request.Headers.TransferEncodingChunked = chunked;
        return await client.SendAsync(request, Cancel);
    }
}
