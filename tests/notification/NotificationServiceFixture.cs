using DaprOrders.NotificationService.Tests;
using DaprOrders.Testing;

[assembly: AssemblyFixture(typeof(NotificationServiceFixture))]

namespace DaprOrders.NotificationService.Tests;

public sealed class NotificationServiceFixture() : ServiceFixture<Program>("notification");
