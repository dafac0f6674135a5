using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>Contains one proxy between the broker and the sidecars of each app.</summary>
internal sealed class BrokerProxies(IEnumerable<string> appIds) : IAsyncDisposable
{
    private readonly Dictionary<string, BrokerProxy> _proxies = appIds.ToDictionary(appId => appId, _ => new BrokerProxy());

    public IReadOnlyDictionary<string, int> Ports => _proxies.ToDictionary(proxy => proxy.Key, proxy => proxy.Value.Port);

    public BrokerProxy Of(string appId) => _proxies[appId];

    /// <summary>Sets the broker to which the proxies forward.</summary>
    /// <param name="broker">The broker; null if the stack has not started one.</param>
    public void Connect(BrokerHost? broker)
    {
        foreach (var (appId, proxy) in _proxies)
        {
            proxy.Target = broker?.PortBehindProxy(appId) ?? 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies.Values)
        {
            await proxy.DisposeAsync();
        }
    }
}
