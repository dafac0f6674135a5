using System.Diagnostics;

namespace DaprOrders.EndToEnd.Tests;

[Trait("Form", "fuzz")]
public sealed class FuzzTests(StackFixture fixture)
{
    private const int Many = 100_000;
    private const long MaxGrowth = 150 << 20;

    [Theory(Explicit = true)]
    [MemberData(nameof(HostileRequests.Routes), MemberType = typeof(HostileRequests))]
    public async Task Many_hostile_requests_are_never_a_5xx_and_leak_no_memory(string app, string method, string path)
    {
        await HostileRequests.SendAsync(fixture.Stack, app, method, path, Many / 20);
        var before = MemoryOf(app);

        await HostileRequests.SendAsync(fixture.Stack, app, method, path, Many);

        Assert.InRange(MemoryOf(app) - before, long.MinValue, MaxGrowth);
    }

    private long MemoryOf(string app)
    {
        var id = fixture.Stack.Runtime.ProcessOf(fixture.Stack.Instances.First(instance => instance.AppId == app))!.Value;
        using var process = Process.GetProcessById(id);
        return process.WorkingSet64;
    }
}
