using DaprOrders.InventoryService.Tests;
using DaprOrders.Testing;

[assembly: AssemblyFixture(typeof(InventoryServiceFixture))]

namespace DaprOrders.InventoryService.Tests;

public sealed class InventoryServiceFixture() : ServiceFixture<Program>("inventory");

/// <summary>One service for all tests of a class, which only read.</summary>
public sealed class SharedInventoryService(InventoryServiceFixture fixture) : SharedService<Program>(fixture), IAsyncLifetime;
