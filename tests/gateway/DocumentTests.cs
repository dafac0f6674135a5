using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;

namespace DaprOrders.Gateway.Tests;

public sealed class DocumentTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Development_serves_the_document_and_a_page_that_loads_nothing_from_elsewhere()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();

        using var document = JsonDocument.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Cancel));
        var page = await client.GetStringAsync(new Uri("/scalar/", UriKind.Relative), Cancel);
        using var script = await client.GetAsync(new Uri("/scalar/scalar.js", UriKind.Relative), Cancel);

        Assert.True(document.RootElement.GetProperty("paths").TryGetProperty("/orders", out _));
        Assert.Contains("scalar.js", page, StringComparison.Ordinal);
        Assert.DoesNotContain("//", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, script.StatusCode);
    }

    [Theory]
    [InlineData("/openapi/v1.json")]
    [InlineData("/scalar/")]
    public async Task Neither_is_served_outside_Development(string path)
    {
        await using var gateway = new GatewayHost((WebHostDefaults.EnvironmentKey, "Production"), ("Authentication:Enabled", "false"));
        using var client = gateway.CreateClient();

        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }
}
