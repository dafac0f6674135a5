using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Sends so much random input that a leak or a rare failure shows.</summary>
[Trait("Form", "fuzz")]
public sealed class FuzzTests(StackFixture fixture, ITestOutputHelper output)
{
    private const int Many = 100_000;

    /// <summary>The number of requests before the memory is measured, so that caches and pools have their size.</summary>
    private const int WarmUp = 5_000;

    private const long MaxGrowth = 150 << 20;

    [Theory(Explicit = true)]
    [MemberData(nameof(HostileRequests.Routes), MemberType = typeof(HostileRequests))]
    public async Task Many_hostile_requests_are_never_a_5xx_and_leak_no_memory(string app, string method, string path)
    {
        await HostileRequests.SendAsync(fixture.Stack, app, method, path, WarmUp);

        await MeasureAsync(app, $"{method} {path}", async () =>
        {
            var responses = await HostileRequests.SendAsync(fixture.Stack, app, method, path, Many);
            return string.Join(", ", responses.OrderBy(response => response.Key).Select(response => $"{response.Value:N0} × {response.Key}"));
        });
    }

    [Fact(Explicit = true)]
    public async Task Many_mutated_deliveries_affect_no_other_and_leak_no_memory()
    {
        await HostileDeliveries.SendAsync(fixture.Stack, WarmUp);

        await MeasureAsync("inventory", "deliveries of order.created", async () =>
        {
            await HostileDeliveries.SendAsync(fixture.Stack, Many);
            return $"{Many:N0} × 200, {await fixture.Stack.QueryAsync("inventory_db", "SELECT count(*) FROM dead_letters"):N0} dead letters";
        });
    }

    /// <summary>Runs the requests, and checks the log and the memory of the app.</summary>
    private async Task MeasureAsync(string app, string what, Func<Task<string>> send)
    {
        var unhandled = 0;
        fixture.Stack.Runtime.OnLine = line => unhandled += line.Contains("nhandled exception", StringComparison.Ordinal) ? 1 : 0;
        var before = MemoryOf(app);
        var began = Stopwatch.GetTimestamp();

        var result = await send();

        var growth = MemoryOf(app) - before;
        output.WriteLine($"{app} {what}: {result}; memory {growth / (1 << 20):+0;-0;0} MiB, {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
        Assert.Equal(0, unhandled);
        Assert.InRange(growth, long.MinValue, MaxGrowth);
    }

    private long MemoryOf(string app)
    {
        using var process = Process.GetProcessById(fixture.Stack.Runtime.ProcessOf(InstanceOf(app))!.Value);
        return process.WorkingSet64;
    }

    private AppInstance InstanceOf(string app) => fixture.Stack.Instances.First(instance => instance.AppId == app);
}
