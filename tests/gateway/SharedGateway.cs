namespace DaprOrders.Gateway.Tests;

/// <summary>One gateway for all tests of a class. Use it only for tests that leave no state in it.</summary>
public sealed class SharedGateway : IAsyncDisposable
{
    private readonly GatewayHost _gateway = new();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    /// <summary>Resets the sidecar and returns the gateway for the next test.</summary>
    internal GatewayHost Next()
    {
        _gateway.Sidecar.Reset();
        return _gateway;
    }
}
