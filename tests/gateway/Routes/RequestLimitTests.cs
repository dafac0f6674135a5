using System.Net;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests.Routes;

public sealed class RequestLimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(9_000, 0, HttpStatusCode.RequestUriTooLong)]
    [InlineData(0, 150, HttpStatusCode.RequestHeaderFieldsTooLarge)]
    [InlineData(0, 99, HttpStatusCode.NotFound)]
    public async Task Long_URL_and_many_headers_are_problems(int length, int headers, HttpStatusCode expected)
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/nothing/{new string('a', length)}");
        for (var i = 0; i < headers; i++)
        {
            request.Headers.Add($"X-{i}", "1");
        }

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Head_has_the_response_of_get_without_its_body()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        gateway.Sidecar.Server.Given(Request.Create().UsingGet().WithPath("/v1.0/invoke/order/method/orders"))
            .RespondWith(Response.Create().WithHeader("Content-Type", "application/json").WithBody("""{"items":[],"next":null}"""));

        using var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/orders"), Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancel));
    }
}
