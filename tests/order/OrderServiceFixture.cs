using DaprOrders.OrderService.Tests;
using DaprOrders.Testing;

[assembly: AssemblyFixture(typeof(OrderServiceFixture))]

namespace DaprOrders.OrderService.Tests;

public sealed class OrderServiceFixture() : ServiceFixture<Program>("order");
