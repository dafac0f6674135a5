using System.Text;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Eng.Tests.Bench;

public sealed class LoadTests
{
    private const string Id = "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e";

    [Theory]
    [InlineData("HTTP/1.1 201 Created\r\nContent-Length: 2\r\nLocation: /orders/" + Id + "\r\n\r\n{}", 201, Id)]
    [InlineData("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nLocation: /orders/" + Id + "\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 201, Id)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503, null)]
    public void Response_is_read_when_it_is_complete(string text, int status, string? order)
    {
        var bytes = Encoding.UTF8.GetBytes(text);

        Assert.Equal(new Response(status, order is null ? null : Guid.Parse(order)), Response.TryRead(bytes));
        Assert.All(Enumerable.Range(0, bytes.Length), length => Assert.Null(Response.TryRead(bytes.AsSpan(0, length))));
    }

    [Fact]
    public void Random_keys_differ_between_requests_and_are_of_version_4()
    {
        var requests = OrderRequests.Single(1, KeyKind.Random);

        var keys = Enumerable.Range(0, 3).Select(_ => KeyOf(Encoding.UTF8.GetString(requests.Next()))).ToHashSet();

        Assert.Equal(3, keys.Count);
        Assert.All(keys, key => Assert.Equal(4, Guid.Parse(key).Version));

        static string KeyOf(string request) => request.Split("\r\n").Single(line => line.StartsWith("Idempotency-Key: ", StringComparison.Ordinal))[17..];
    }

    [Fact]
    public void CPU_time_includes_threads_that_have_ended()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The benchmark reads the clocks of Linux.");
        var before = ProcessFigures.Cpu(Environment.ProcessId);
        var thread = new Thread(() =>
        {
            var end = ProcessFigures.Cpu(Environment.ProcessId) + TimeSpan.FromMilliseconds(50);
            while (ProcessFigures.Cpu(Environment.ProcessId) < end)
            {
            }
        });
        thread.Start();
        thread.Join();

        Assert.InRange(ProcessFigures.Cpu(Environment.ProcessId) - before, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void Idle_machine_has_no_other_load() => Assert.Null(OtherLoad.Describe(share: 0.1, [("kafka (12)", 0.02)]));

    [Fact]
    public void Other_load_is_described_with_the_processes_that_cause_it() => Assert.Equal(
        "Other programs use 60 % of the CPU, the bound is 10 %: dotnet (7) 100 % of a core, kafka (12) 15 % of a core. Stop them, or measure anyway with --beside-other-load.",
        OtherLoad.Describe(share: 0.6, [("kafka (12)", 0.15), ("sh (3)", 0), ("dotnet (7)", 1)]));
}
