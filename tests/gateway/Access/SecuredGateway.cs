using System.Net.Http.Headers;

namespace DaprOrders.Gateway.Tests.Access;

/// <summary>One gateway with authentication, and its issuer, for all tests of a class.</summary>
public sealed class SecuredGateway : IAsyncDisposable
{
    private readonly GatewayHost _gateway;

    public SecuredGateway() => _gateway = new GatewayHost([.. Issuer.Settings, ("environment", "Production")]);

    public TestIssuer Issuer { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        Issuer.Dispose();
    }

    /// <summary>Resets the sidecar and returns the gateway for the next test.</summary>
    internal GatewayHost Next()
    {
        _gateway.Sidecar.Reset();
        return _gateway;
    }

    /// <summary>Sends a request with a token.</summary>
    internal static async Task<HttpResponseMessage> SendAsync(GatewayHost gateway, string method, string path, string? token, params (string Name, string Value)[] headers)
    {
        using var client = gateway.CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
        {
            request.Content = new StringContent("{}", new MediaTypeHeaderValue("application/json"));
        }

        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
