using System.Net;
using DaprOrders.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests;

/// <summary>The gateway, on Kestrel since its limits count, beside a sidecar that the test plays.</summary>
internal sealed class GatewayHost : WebApplicationFactory<Program>
{
    private readonly (string Key, string Value)[] _settings;

    /// <param name="settings">Settings of the configuration, by their keys.</param>
    public GatewayHost(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)); // by its port alone it would race with the start
    }

    public SidecarStub Sidecar { get; } = new();

    /// <summary>Gets the clock; by <see cref="HurriedTime"/> pauses cost nothing, by the system's they are as long as they are.</summary>
    public TimeProvider Time { get; init; } = new HurriedTime();

    public new HttpClient CreateClient()
    {
        StartServer();
        return base.CreateClient();
    }

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
        builder.ConfigureTestServices(services => services.AddSingleton(Time));
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }
    }
}
