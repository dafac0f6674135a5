extern alias inventory;
extern alias notification;
extern alias order;

using System.Collections.Concurrent;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Testing;

[assembly: AssemblyFixture(typeof(Implementations))]

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>
/// Starts our services for the contract tests. If ORDER_URL, INVENTORY_URL or NOTIFICATION_URL is set, the tests use the running service at that
/// URL instead, with APP_API_TOKEN if it is set. Its sidecar port must be the one in dapr.yaml, because the tests start the stub of the sidecar there. All tests share the
/// services, so each test uses its own ids.
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
        ? Task.FromResult(CreateExternal(service, new Uri(url)))
        : service switch
        {
            "order" => CreateAsync(_orderHost.Value),
            "inventory" => CreateAsync(_inventoryHost.Value),
            "notification" => CreateAsync(_notificationHost.Value),
            _ => throw new ArgumentException($"There is no service {service}.", nameof(service)),
        };

    /// <summary>Starts our order service for one test that reads its database.</summary>
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

    private static async Task<Provider> CreateAsync<TProgram>(Task<ServiceHost<TProgram>> service)
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

    private Provider CreateExternal(string service, Uri url)
    {
        var port = 3501 + Array.IndexOf(["order", "inventory", "notification"], service);
        var sidecar = _sidecars.GetOrAdd(service, _ => new Lazy<SidecarStub>(() => new SidecarStub(port)));
        var client = new HttpClient { BaseAddress = url };
        client.DefaultRequestHeaders.Add("dapr-api-token", Environment.GetEnvironmentVariable("APP_API_TOKEN"));
        return new Provider(client, sidecar.Value, () => ValueTask.CompletedTask);
    }

    private sealed class OrderFixture() : ServiceFixture<order::Program>("order");

    private sealed class InventoryFixture() : ServiceFixture<inventory::Program>("inventory");

    private sealed class NotificationFixture() : ServiceFixture<notification::Program>("notification");
}
