using DaprOrders.NotificationService.Tests;
using DaprOrders.Testing;

[assembly: AssemblyFixture(typeof(NotificationServiceFixture))]

namespace DaprOrders.NotificationService.Tests;

public sealed class NotificationServiceFixture() : ServiceFixture<Program>("notification");

/// <summary>One service for all tests of a class. Use it only for tests that write nothing.</summary>
public sealed class SharedNotificationService(NotificationServiceFixture fixture) : SharedService<Program>(fixture), IAsyncLifetime;
