using System.Net.Sockets;

namespace DaprOrders.Stack;

/// <summary>The broker that a pub/sub component connects to.</summary>
/// <param name="Name">The part of the component's type after <c>pubsub.</c>, for example <c>kafka</c>.</param>
/// <param name="Host">The host of the broker; null if the type has no address, for example <c>in-memory</c>.</param>
public sealed record Broker(string Name, string? Host, int Port)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    // An open port is not enough: Docker opens it long before Kafka responds, and a sidecar that starts too early exits.
    private static readonly byte[] KafkaApiVersions = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
    private static readonly byte[] RedisPing = "PING\r\n"u8.ToArray();
    private static readonly byte[] AmqpHeader = [.. "AMQP"u8, 0, 0, 9, 1];

    /// <summary>Reads a component file.</summary>
    /// <exception cref="StackException">The file is missing, is not YAML, or is not a pub/sub component.</exception>
    public static Broker Read(string file)
    {
        var component = Resource.Read(file);
        if (!component.Type.StartsWith("pubsub.", StringComparison.Ordinal))
        {
            throw new StackException($"{file}: spec.type is '{component.Type}'; it must be the type of a pub/sub component, for example pubsub.kafka");
        }

        var name = component.Type["pubsub.".Length..];
        var values = component.Metadata;
        return name switch
        {
            "kafka" => At(values.GetValueOrDefault("brokers")?.Split(',')[0], 9092),
            "redis" => At(values.GetValueOrDefault("redisHost"), 6379),
            "rabbitmq" => At(Uri.TryCreate(values.GetValueOrDefault("connectionString"), UriKind.Absolute, out var uri) ? uri.Authority : null, 5672),
            _ => new Broker(name, null, 0),
        };

        Broker At(string? address, int defaultPort)
        {
            if (!Uri.TryCreate($"tcp://{address?.Trim()}", UriKind.Absolute, out var parsed) || parsed.Host.Length == 0)
            {
                throw new StackException($"{file}: the address of {name} is missing or cannot be read: '{address}'");
            }

            return new Broker(name, parsed.Host, parsed.Port < 0 ? defaultPort : parsed.Port);
        }
    }

    /// <summary>Returns whether the broker responds to a request in its protocol.</summary>
    public async Task<bool> RespondsAsync(CancellationToken cancellationToken)
    {
        if (Host is null)
        {
            return true;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(Host, Port, timeout.Token);
            await client.GetStream().WriteAsync(Name switch { "kafka" => KafkaApiVersions, "redis" => RedisPing, _ => AmqpHeader }, timeout.Token);
            return await client.GetStream().ReadAsync(new byte[1], timeout.Token) > 0;
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    public override string ToString() => Host is null ? Name : $"{Name} on {Host}:{Port}";
}
