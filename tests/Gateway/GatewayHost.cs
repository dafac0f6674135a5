using DaprOrders.TestSupport;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests;

/// <summary>The gateway, on Kestrel since its limits count, beside a sidecar that the test plays.</summary>
internal sealed class GatewayHost : WebApplicationFactory<Program>
{
    public GatewayHost()
    {
        UseKestrel(0);
        StartServer();
    }

    public SidecarStub Sidecar { get; } = new();

    public void Answers(string method, string path, int status, string body, string contentType = "application/json", string? location = null)
    {
        var response = Response.Create().WithStatusCode(status).WithHeader("Content-Type", contentType).WithBody(body);
        Sidecar.Server.Given(Request.Create().UsingMethod(method).WithPath(path))
            .RespondWith(location is null ? response : response.WithHeader("Location", location));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Sidecar.Dispose();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("DAPR_HTTP_ENDPOINT", Sidecar.Url);
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
    }
}
