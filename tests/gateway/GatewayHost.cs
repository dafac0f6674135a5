using DaprOrders.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests;

/// <summary>Runs the gateway with a stub of its sidecar.</summary>
internal sealed class GatewayHost(params (string Key, string Value)[] settings) : GatewayHost<Program>(settings)
{
    /// <summary>Stubs a response of the sidecar.</summary>
    public void StubResponse(string method, string path, int status, string body, string contentType = "application/json", string? location = null)
    {
        var response = Response.Create().WithStatusCode(status).WithHeader("Content-Type", contentType).WithBody(body);
        Sidecar.Server.Given(Request.Create().UsingMethod(method).WithPath(path))
            .RespondWith(location is null ? response : response.WithHeader("Location", location));
    }
}
