using DaprOrders.NotificationService.Tests;
using DaprOrders.TestSupport;

[assembly: AssemblyFixture(typeof(NotificationServiceFixture))]

namespace DaprOrders.NotificationService.Tests;

public sealed class NotificationServiceFixture() : ServiceFixture<Program>("notification");
