extern alias gateway;

using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>Runs the gateway with a stub of its sidecar. A call that matches no exchange of the contract fails the test.</summary>
internal sealed class GatewayHost : GatewayHost<gateway::Program>
{
    /// <summary>Resets the sidecar and returns the gateway for the next test.</summary>
    public Provider Next()
    {
        Sidecar.Reset();
        return new Provider(CreateClient(), Sidecar, () => ValueTask.CompletedTask);
    }

    /// <summary>Stubs the response to the request of an exchange. Other requests do not match.</summary>
    public void Expect(string service, Exchange exchange) =>
        Sidecar.Server.Given(RequestOf(service, exchange.Request)).RespondWith(ResponseOf(exchange.Response));

    /// <summary>Matches a request at the sidecar of the gateway by its method, path, body and headers.</summary>
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

    public static IResponseBuilder ResponseOf(HttpMessage message)
    {
        var response = Response.Create().WithStatusCode(message.Status).WithBody(message.Content ?? "");
        return message.Headers.Aggregate(response, (builder, header) => builder.WithHeader(header.Key, header.Value));
    }
}

/// <summary>One gateway for all tests of a class. Use it only for tests that leave no state in it.</summary>
public sealed class SharedGateway : IAsyncDisposable
{
    internal GatewayHost Host { get; } = new();

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
