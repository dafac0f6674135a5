extern alias inventory;
extern alias notification;
extern alias order;

using System.Collections.Concurrent;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Testing;

[assembly: AssemblyFixture(typeof(Implementations))]

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>
/// The implementations that the contract is tested with: ours, or another one where ORDER_URL, INVENTORY_URL or NOTIFICATION_URL says where it
/// listens. That one has the sidecar port of dapr.yaml, on which the suite then stubs the sidecar. All tests share them: each has ids of its own.
/// </summary>
public sealed class Implementations : IAsyncDisposable
{
    private readonly ServiceFixture<order::Program> _order = new OrderFixture();
    private readonly ServiceFixture<inventory::Program> _inventory = new InventoryFixture();
    private readonly ServiceFixture<notification::Program> _notification = new NotificationFixture();
    private readonly Lazy<Task<ServiceHost<order::Program>>> _orderHost;
    private readonly Lazy<Task<ServiceHost<inventory::Program>>> _inventoryHost;
    private readonly Lazy<Task<ServiceHost<notification::Program>>> _notificationHost;
    private readonly ConcurrentDictionary<string, Lazy<SidecarStub>> _sidecars = new();

    public Implementations()
    {
        _orderHost = new(() => _order.StartAsync());
        _inventoryHost = new(() => _inventory.StartAsync());
        _notificationHost = new(() => _notification.StartAsync());
    }

    internal Task<Provider> StartAsync(string service) => Environment.GetEnvironmentVariable($"{service.ToUpperInvariant()}_URL") is { Length: > 0 } url
        ? Task.FromResult(Elsewhere(service, new Uri(url)))
        : service switch
        {
            "order" => HereAsync(_orderHost.Value),
            "inventory" => HereAsync(_inventoryHost.Value),
            "notification" => HereAsync(_notificationHost.Value),
            _ => throw new ArgumentException($"There is no service {service}.", nameof(service)),
        };

    /// <summary>An order service of ours for one test, which looks into its database.</summary>
    internal Task<ServiceHost<order::Program>> StartOrderServiceAsync(params (string Key, string Value)[] settings) => _order.StartAsync(settings);

    public async ValueTask DisposeAsync()
    {
        await StopAsync(_orderHost);
        await StopAsync(_inventoryHost);
        await StopAsync(_notificationHost);
        await _order.DisposeAsync();
        await _inventory.DisposeAsync();
        await _notification.DisposeAsync();
        foreach (var sidecar in _sidecars.Values)
        {
            sidecar.Value.Dispose();
        }
    }

    private static async Task<Provider> HereAsync<TProgram>(Task<ServiceHost<TProgram>> service)
        where TProgram : class
    {
        var host = await service;
        return new Provider(host.CreateClient(), host.Sidecar, () => ValueTask.CompletedTask);
    }

    private static async Task StopAsync<TProgram>(Lazy<Task<ServiceHost<TProgram>>> service)
        where TProgram : class
    {
        if (service.IsValueCreated)
        {
            await (await service.Value).DisposeAsync();
        }
    }

    private Provider Elsewhere(string service, Uri url)
    {
        var port = 3501 + Array.IndexOf(["order", "inventory", "notification"], service);
        var sidecar = _sidecars.GetOrAdd(service, _ => new Lazy<SidecarStub>(() => new SidecarStub(port)));
        return new Provider(new HttpClient { BaseAddress = url }, sidecar.Value, () => ValueTask.CompletedTask);
    }

    private sealed class OrderFixture() : ServiceFixture<order::Program>("order");

    private sealed class InventoryFixture() : ServiceFixture<inventory::Program>("inventory");

    private sealed class NotificationFixture() : ServiceFixture<notification::Program>("notification");
}
