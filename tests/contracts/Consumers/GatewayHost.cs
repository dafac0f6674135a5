extern alias gateway;

using System.Net;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>The gateway beside a sidecar that knows the contract and nothing else: a call that no stub expects fails the test.</summary>
internal sealed class GatewayHost : WebApplicationFactory<gateway::Program>
{
    public GatewayHost() => UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));

    public SidecarStub Sidecar { get; } = new();

    public TimeProvider Time { get; init; } = new HurriedTime();

    public Provider Start()
    {
        StartServer();
        return new Provider(CreateClient(), Sidecar, () => ValueTask.CompletedTask);
    }

    /// <summary>Has the service answer an exchange's request, and only that one, as the exchange says.</summary>
    public void Expect(string service, Exchange exchange, Func<IResponseBuilder, IResponseBuilder>? answer = null)
    {
        var response = Answer(exchange.Response);
        Sidecar.Server.Given(RequestOf(service, exchange.Request)).RespondWith(answer is null ? response : answer(response));
    }

    /// <summary>The request as it reaches the gateway's sidecar: whole, or it does not match.</summary>
    public static IRequestBuilder RequestOf(string service, HttpMessage request)
    {
        var matcher = Request.Create().UsingMethod(request.Method!)
            .WithUrl(url => url.EndsWith($"/v1.0/invoke/{service}/method{request.Path}", StringComparison.Ordinal))
            .WithBody((string? body) => (body ?? "") == (request.Content ?? ""));
        foreach (var (name, value) in request.Headers)
        {
            matcher = matcher.WithHeader(name, value);
        }

        return matcher;
    }

    public static IResponseBuilder Answer(HttpMessage response)
    {
        var answer = Response.Create().WithStatusCode(response.Status).WithBody(response.Content ?? "");
        return response.Headers.Aggregate(answer, (builder, header) => builder.WithHeader(header.Key, header.Value));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Sidecar.Dispose();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("APP_ID", "gateway");
        builder.UseSetting("DAPR_HTTP_ENDPOINT", Sidecar.Url);
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        builder.ConfigureTestServices(services => services.AddSingleton(Time));
    }
}
