using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Cli;

/// <summary>A Kafka broker for one test. It needs a program <c>kafka</c> on PATH that starts and stops the broker.</summary>
internal sealed class TestKafka : IAsyncDisposable
{
    private readonly string _folder = Ownership.CreateFolder("kafka");
    private readonly bool _createsTopics;

    private TestKafka(bool createsTopics) => _createsTopics = createsTopics;

    public int Port { get; } = TakePair();

    public static async Task<TestKafka> StartAsync(bool createsTopics)
    {
        var kafka = new TestKafka(createsTopics);
        await kafka.RunAsync("start");
        return kafka;
    }

    public async Task RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("kafka", arguments)
        {
            Environment =
            {
                ["KAFKA_PORT"] = $"{Port}",
                ["KAFKA_DATA"] = _folder,
                ["KAFKA_PROPERTIES"] = $"auto.create.topics.enable={(_createsTopics ? "true" : "false")}",
            },
        })!;
        await process.WaitForExitAsync().WaitAsync(Wait.Limit);
        Assert.Equal(0, process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop");
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Returns a free port after which the next port is free too. The controller uses the next one.</summary>
    private static int TakePair()
    {
        var (port, next) = (FreePort.Take(), FreePort.Take());
        while (next != port + 1)
        {
            (port, next) = (next, FreePort.Take());
        }

        return port;
    }
}
