using System.Net;
using System.Net.Http.Json;
using System.Text;

namespace DaprOrders.Gateway.Tests.Routes;

public sealed class BadInputTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string OrderId = "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/orders/17", 400, "id must be a UUID")]
    [InlineData("GET", "/orders/..%2Fx", 400, "id must be a UUID")]
    [InlineData("GET", $"/orders/{OrderId}?wait=5", 400, "wait must be")]
    [InlineData("GET", $"/orders/{OrderId}?wait=31s", 400, "up to 30 s")]
    [InlineData("GET", $"/orders/{OrderId}?wait=1s&wait=1s", 400, "wait must be")]
    [InlineData("GET", "/inventory/a%2Fb", 400, "item_id must be 1 to 64")]
    [InlineData("GET", "/inventory/a%25b", 400, "item_id must be 1 to 64")]
    [InlineData("GET", "/inventory/-", 400, "item_id must be 1 to 64")]
    [InlineData("GET", "/inventory/%F0%9F%98%80", 400, "item_id must be 1 to 64")]
    [InlineData("GET", "/inventory/65", 400, "item_id must be 1 to 64")]
    [InlineData("GET", "/orders?cursor=1025", 400, "at most 1024 characters")]
    [InlineData("GET", "/nothing", 404, "")]
    [InlineData("GET", "/v1.0/invoke/order/method/orders", 404, "")]
    [InlineData("GET", "/events/inventory.updated", 404, "")]
    [InlineData("DELETE", $"/orders/{OrderId}", 405, "")]
    [InlineData("PUT", "/orders", 405, "")]
    [InlineData("POST", "/inventory/item-1", 405, "")]
    public async Task Request_that_no_service_can_handle_is_refused_by_the_gateway(string method, string path, int status, string expected)
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        var url = path.Replace("65", new string('a', 65), StringComparison.Ordinal).Replace("1025", new string('a', 1025), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(url, UriKind.Relative));

        using var response = await client.SendAsync(request, Cancel);

        await AssertProblemAsync(response, status, expected);
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_over_64_KiB_is_413_with_or_without_a_length(bool chunked)
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders");
        request.Content = new StringContent(new string(' ', (64 << 10) + 1), null, "application/json");
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await client.SendAsync(request, Cancel);

        await AssertProblemAsync(response, 413, "65536 bytes");
        Assert.Single(response.Headers.GetValues("Idempotency-Key"));
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ключ")]
    [InlineData("a\u007fb")]
    [InlineData("256")]
    [InlineData("once", "twice")]
    [InlineData("same", "same")]
    public async Task Malformed_idempotency_key_is_400_and_reaches_no_service(params string[] keys)
    {
        var gateway = shared.Next();
        using var kestrel = gateway.CreateClient();
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(kestrel.BaseAddress!, "/orders"));
        request.Content = JsonContent.Create(new { item_id = "item-123", quantity = 1 });
        foreach (var key in keys)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key is "256" ? new string('k', 256) : key);
        }

        using var response = await client.SendAsync(request, Cancel);

        await AssertProblemAsync(response, 400, "Idempotency-Key must be sent once, with 1 to 255 visible ASCII");
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=latin1")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task Body_without_a_JSON_content_type_is_415_and_reaches_no_service(string? contentType)
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        using var content = new ByteArrayContent("{}"u8.ToArray());
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        using var response = await client.PostAsync(new Uri("/orders", UriKind.Relative), content, Cancel);

        await AssertProblemAsync(response, 415, "Content-Type: application/json");
        Assert.Single(response.Headers.GetValues("Idempotency-Key"));
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Fact]
    public async Task Compressed_body_is_415_and_reaches_no_service()
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        using var content = JsonContent.Create(new { item_id = "item-123", quantity = 1 });
        content.Headers.ContentEncoding.Add("gzip");

        using var response = await client.PostAsync(new Uri("/orders", UriKind.Relative), content, Cancel);

        await AssertProblemAsync(response, 415, "without compression");
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Theory]
    [InlineData("""{"item_id":"item-123","quantity":1,"quantity":2}""")]
    [InlineData("{")]
    [InlineData("")]
    public async Task Malformed_body_reaches_the_order_service_unchanged(string body)
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", "/v1.0/invoke/order/method/orders", 400, """{"title":"from the order service"}""", "application/problem+json");
        using var content = new StringContent(body, null, "application/json");

        using var response = await client.PostAsync(new Uri("/orders", UriKind.Relative), content, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("""{"title":"from the order service"}""", await response.Content.ReadAsStringAsync(Cancel));
        var forwarded = Assert.Single(gateway.Sidecar.Server.LogEntries).RequestMessage!;
        Assert.Equal(body, forwarded.Body ?? "");
        Assert.StartsWith("application/json", forwarded.Headers!["Content-Type"].Single(), StringComparison.Ordinal);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status, string expected)
    {
        var problem = System.Text.RegularExpressions.Regex.Unescape(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("DaprOrders", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", problem, StringComparison.Ordinal);
        Assert.Equal(status is 405, response.Content.Headers.Allow.Count > 0);
    }
}
