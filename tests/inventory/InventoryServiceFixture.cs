using DaprOrders.InventoryService.Tests;
using DaprOrders.Testing;

[assembly: AssemblyFixture(typeof(InventoryServiceFixture))]

namespace DaprOrders.InventoryService.Tests;

public sealed class InventoryServiceFixture() : ServiceFixture<Program>("inventory");

/// <summary>One service for all tests of a class. Use it only for tests that write nothing.</summary>
public sealed class SharedInventoryService(InventoryServiceFixture fixture) : SharedService<Program>(fixture), IAsyncLifetime;
