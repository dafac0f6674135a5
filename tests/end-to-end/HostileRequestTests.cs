namespace DaprOrders.EndToEnd.Tests;

public sealed class HostileRequestTests(StackFixture fixture)
{
    [Theory]
    [MemberData(nameof(HostileRequests.Routes), MemberType = typeof(HostileRequests))]
    public Task Hostile_request_is_never_a_5xx(string app, string method, string path) => HostileRequests.SendAsync(fixture.Stack, app, method, path, 50);
}
