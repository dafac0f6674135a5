namespace DaprOrders.Gateway.Tests;

/// <summary>One gateway for all tests of a class: only for tests that leave nothing behind in it.</summary>
public sealed class SharedGateway : IAsyncDisposable
{
    private readonly GatewayHost _gateway = new();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    /// <summary>Returns the gateway for the next test. Its sidecar has forgotten the test before.</summary>
    internal GatewayHost Next()
    {
        _gateway.Sidecar.Reset();
        return _gateway;
    }
}
