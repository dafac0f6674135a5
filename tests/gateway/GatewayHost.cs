using DaprOrders.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests;

/// <summary>The gateway and the stub of its sidecar.</summary>
/// <param name="settings">Settings of the configuration, by their keys.</param>
internal sealed class GatewayHost(params (string Key, string Value)[] settings) : GatewayHost<Program>(settings)
{
    /// <summary>Stubs an answer of the sidecar.</summary>
    public void Answers(string method, string path, int status, string body, string contentType = "application/json", string? location = null)
    {
        var response = Response.Create().WithStatusCode(status).WithHeader("Content-Type", contentType).WithBody(body);
        Sidecar.Server.Given(Request.Create().UsingMethod(method).WithPath(path))
            .RespondWith(location is null ? response : response.WithHeader("Location", location));
    }
}
