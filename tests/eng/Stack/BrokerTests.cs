using System.Net;
using System.Net.Sockets;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Stack;

public sealed class BrokerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("kafka", "kafka on 127.0.0.1:9092")]
    [InlineData("redis", "redis on 127.0.0.1:6379")]
    [InlineData("rabbitmq", "rabbitmq on 127.0.0.1:5672")]
    public void Address_is_read_from_the_component(string broker, string expected) =>
        Assert.Equal(expected, $"{Broker.Read(Path.Combine(Repository.Root, "components", broker, "pubsub.yaml"))}");

    [Theory]
    [InlineData("spec: {type: state.redis}", "must be the type of a pub/sub component")]
    [InlineData("spec: {type: pubsub.kafka}", "the address of kafka is missing")]
    [InlineData("spec: [", "this is not valid YAML")]
    public void Component_that_names_no_broker_is_refused(string text, string reason)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            Assert.Contains(reason, Assert.Throws<StackException>(() => Broker.Read(file)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Open_port_without_a_response_is_not_a_broker()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var broker = new Broker("redis", "127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);

        Assert.False(await broker.RespondsAsync(Cancel));
        Assert.False(await (broker with { Port = FreePort.Take() }).RespondsAsync(Cancel));
    }

    [Fact]
    public async Task Broker_that_responds_is_found()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var response = RespondAsync(listener);

        Assert.True(await new Broker("redis", "127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port).RespondsAsync(Cancel));
        await response;
    }

    private static async Task RespondAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(Cancel);
        await client.GetStream().ReadExactlyAsync(new byte[6], Cancel);
        await client.GetStream().WriteAsync("+PONG\r\n"u8.ToArray(), Cancel);
    }
}
