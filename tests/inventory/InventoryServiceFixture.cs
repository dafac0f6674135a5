using DaprOrders.InventoryService.Tests;
using DaprOrders.Testing;

[assembly: AssemblyFixture(typeof(InventoryServiceFixture))]

namespace DaprOrders.InventoryService.Tests;

public sealed class InventoryServiceFixture() : ServiceFixture<Program>("inventory");
