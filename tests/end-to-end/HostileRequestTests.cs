namespace DaprOrders.EndToEnd.Tests;

public sealed class HostileRequestTests(StackFixture fixture)
{
    [Theory]
    [MemberData(nameof(HostileRequests.Routes), MemberType = typeof(HostileRequests))]
    public async Task Hostile_request_is_never_a_5xx(string app, string method, string path)
    {
        Assert.SkipWhen(fixture.Stack.IsAttached, "GATEWAY_URL is set. The ports and tokens of the running system are not known.");

        await HostileRequests.SendAsync(fixture.Stack, app, method, path, 50);
    }
}
