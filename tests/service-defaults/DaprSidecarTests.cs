using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class DaprSidecarTests
{
    [Fact]
    public async Task Api_token_is_sent_once_if_the_client_is_registered_twice()
    {
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("DAPR_API_TOKEN", "secret")]).Build())
            .AddDaprSidecar()
            .AddDaprSidecar()
            .BuildServiceProvider();

        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient(DaprSidecar.HttpClientName);

        Assert.Equal(["secret"], client.DefaultRequestHeaders.GetValues("dapr-api-token"));
    }
}
