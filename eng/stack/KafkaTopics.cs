using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.Stack;

/// <summary>Creates topics with Kafka's protocol. Kafka's own program takes seconds of processor time for each topic.</summary>
internal static class KafkaTopics
{
    private const short CreateTopics = 19;
    private const short Version = 2;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <param name="port">The port of a broker.</param>
    /// <param name="topics">The names of the topics.</param>
    /// <param name="partitions">The number of partitions of each topic.</param>
    /// <param name="brokers">The ids of the brokers that have a replica of each partition, the leader first; null for one replica on any broker.</param>
    /// <exception cref="StackException">Kafka refused to create a topic.</exception>
    public static async Task CreateAsync(int port, IReadOnlyCollection<string> topics, int partitions, IReadOnlyList<int>? brokers = null)
    {
        using var limit = new CancellationTokenSource(Timeout);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, limit.Token);
        await client.GetStream().WriteAsync(Request(topics, partitions, brokers), limit.Token);
        var size = new byte[4];
        await client.GetStream().ReadExactlyAsync(size, limit.Token);
        var response = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        await client.GetStream().ReadExactlyAsync(response, limit.Token);
        Check(response);
    }

    private static byte[] Request(IReadOnlyCollection<string> topics, int partitions, IReadOnlyList<int>? brokers)
    {
        var body = new List<byte>();
        Add16(CreateTopics);
        Add16(Version);
        Add32(0); // correlation id
        Add16(-1); // no client id
        Add32(topics.Count);
        foreach (var topic in topics)
        {
            Add16((short)topic.Length);
            body.AddRange(Encoding.UTF8.GetBytes(topic));
            AddReplicas();
            Add32(0); // no settings
        }

        Add32((int)Timeout.TotalMilliseconds);
        body.Add(0); // create, not only validate
        var size = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, body.Count);
        return [.. size, .. body];

        void AddReplicas()
        {
            if (brokers is null)
            {
                Add32(partitions);
                Add16(1); // replicas
                Add32(0); // no manual assignment
                return;
            }

            Add32(-1); // the assignment below determines the number of partitions and replicas
            Add16(-1);
            Add32(partitions);
            for (var partition = 0; partition < partitions; partition++)
            {
                Add32(partition);
                Add32(brokers.Count);
                foreach (var broker in brokers)
                {
                    Add32(broker);
                }
            }
        }

        void Add16(short value) => body.AddRange([(byte)(value >> 8), (byte)value]);

        void Add32(int value)
        {
            Add16((short)(value >> 16));
            Add16((short)value);
        }
    }

    private static void Check(ReadOnlySpan<byte> response)
    {
        response = response[8..]; // correlation id and throttle time
        var count = BinaryPrimitives.ReadInt32BigEndian(response);
        response = response[4..];
        for (var i = 0; i < count; i++)
        {
            var topic = ReadText(ref response);
            var error = BinaryPrimitives.ReadInt16BigEndian(response);
            response = response[2..];
            var message = ReadText(ref response);
            if (error != 0)
            {
                throw new StackException($"Kafka did not create the topic {topic}: error {error} {message}");
            }
        }
    }

    private static string ReadText(ref ReadOnlySpan<byte> response)
    {
        var length = Math.Max((short)0, BinaryPrimitives.ReadInt16BigEndian(response));
        var text = Encoding.UTF8.GetString(response.Slice(2, length));
        response = response[(2 + length)..];
        return text;
    }
}
