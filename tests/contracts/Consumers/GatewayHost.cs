extern alias gateway;

using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>The gateway and a sidecar that knows the contract and nothing else: a call that no stub expects fails the test.</summary>
internal sealed class GatewayHost : GatewayHost<gateway::Program>
{
    /// <summary>Returns the gateway for the next test. Its sidecar has forgotten the test before.</summary>
    public Provider Next()
    {
        Sidecar.Reset();
        return new Provider(CreateClient(), Sidecar, () => ValueTask.CompletedTask);
    }

    /// <summary>Has the service answer an exchange's request, and only that one, as the exchange says.</summary>
    public void Expect(string service, Exchange exchange) =>
        Sidecar.Server.Given(RequestOf(service, exchange.Request)).RespondWith(Answer(exchange.Response));

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
}

/// <summary>One gateway for all tests of a class: only for tests that leave nothing behind in it.</summary>
public sealed class SharedGateway : IAsyncDisposable
{
    internal GatewayHost Host { get; } = new();

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
