using System.Diagnostics;

namespace DaprOrders.EndToEnd.Tests;

[Trait("Form", "fuzz")]
public sealed class FuzzTests(StackFixture fixture, ITestOutputHelper output)
{
    private const int Many = 100_000;
    private const long MaxGrowth = 150 << 20;

    [Theory(Explicit = true)]
    [MemberData(nameof(HostileRequests.Routes), MemberType = typeof(HostileRequests))]
    public async Task Many_hostile_requests_are_never_a_5xx_and_leak_no_memory(string app, string method, string path)
    {
        await HostileRequests.SendAsync(fixture.Stack, app, method, path, Many / 20);
        var before = MemoryOf(app);

        var unhandled = 0;
        fixture.Stack.Runtime.OnLine = line => unhandled += line.Contains("nhandled exception", StringComparison.Ordinal) ? 1 : 0;
        var began = Stopwatch.GetTimestamp();
        var responses = await HostileRequests.SendAsync(fixture.Stack, app, method, path, Many);
        var elapsed = Stopwatch.GetElapsedTime(began);
        var growth = MemoryOf(app) - before;

        var statuses = string.Join(", ", responses.OrderBy(response => response.Key).Select(response => $"{response.Value:N0} × {response.Key}"));
        output.WriteLine($"{app} {method} {path}: {statuses}; memory {growth / (1 << 20):+0;-0} MiB, {elapsed.TotalSeconds:F0} s");
        Assert.Equal(0, unhandled);
        Assert.InRange(growth, long.MinValue, MaxGrowth);
    }

    private long MemoryOf(string app)
    {
        var id = fixture.Stack.Runtime.ProcessOf(fixture.Stack.Instances.First(instance => instance.AppId == app))!.Value;
        using var process = Process.GetProcessById(id);
        return process.WorkingSet64;
    }
}
