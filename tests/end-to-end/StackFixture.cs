using System.Runtime.Versioning;
using DaprOrders.EndToEnd.Tests;
using DaprOrders.Stack;

[assembly: UnsupportedOSPlatform("windows")]
[assembly: AssemblyFixture(typeof(StackFixture))]

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Starts the whole system once for all tests, with two instances of inventory. Each test uses its own items.</summary>
public sealed class StackFixture : IAsyncLifetime
{
    public StackHost Stack { get; } = new(new StackOptions { Instances = new Dictionary<string, int> { ["inventory"] = 2 } });

    public async ValueTask InitializeAsync() => await Stack.StartAsync();

    public ValueTask DisposeAsync() => Stack.DisposeAsync();
}
