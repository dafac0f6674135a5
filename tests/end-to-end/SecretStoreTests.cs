using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DaprOrders.Stack;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>
/// Runs the system with a password that the sidecars read from a secret store, as docs/operations.md and the components show. The Kafka of the tests has
/// no passwords, so there the store has the address of the broker.
/// </summary>
[Trait("Needs", "sources")]
public sealed class SecretStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapr-orders-secrets-").FullName;
    private readonly string _password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string SecretsFile => Path.Combine(_folder, "secrets.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Order_is_confirmed_if_the_sidecars_connect_to_the_broker_with_a_secret()
    {
        var settings = StackSettings.FromEnvironment();
        Assert.SkipWhen(settings.Attached is not null, "GATEWAY_URL is set, and the components of a running system cannot be changed.");
        if (settings.Runtime is RuntimeKind.Emulator)
        {
            settings = settings with { Broker = "redis" };
        }

        Assert.SkipWhen(settings.Runtime is RuntimeKind.Dapr && BrokerPrograms.Reason(settings.Broker) is not null, "The test needs a broker with a password.");
        StackHost? stack = null;
        await using var running = stack = new StackHost(
            new StackOptions
            {
                RedisOptions = new Dictionary<string, string> { ["requirepass"] = _password },
                ChangeResource = text => ChangeResource(text, stack?.Broker?.Port),
            },
            settings);
        await running.StartAsync();

        using var placed = await running.Gateway.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);
        var id = (await placed.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString();
        var order = await running.Gateway.GetFromJsonAsync<JsonElement>($"/orders/{id}?wait=30s", Cancel);

        Assert.Equal("confirmed", order.GetProperty("status").GetString());
        Assert.DoesNotContain(_password, running.Runtime.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("' is empty", running.Runtime.Output, StringComparison.Ordinal); // the emulator's warning about a missing secret
        if (running.Broker is { Name: "redis", Port: var port })
        {
            Assert.StartsWith("-NOAUTH", await PingAsync(port), StringComparison.Ordinal); // Redis does require the password
        }
    }

    /// <summary>
    /// Removes the comment signs of the lines about secrets in the broker's component, and adds the secret store. Changes the user and the password of
    /// RabbitMQ.
    /// </summary>
    private string ChangeResource(string text, int? port)
    {
        if (text.Contains("\"users\"", StringComparison.Ordinal))
        {
            return text.Replace("\"guest\", \"tags\"", $"\"{_password}\", \"tags\"", StringComparison.Ordinal)
                .Replace("\"guest\"", "\"orders\"", StringComparison.Ordinal);
        }

        if (!text.Contains("# auth:\n#   secretStore: secrets\n", StringComparison.Ordinal))
        {
            return text;
        }

        File.WriteAllText(SecretsFile, JsonSerializer.Serialize(new
        {
            kafka = new { brokers = $"127.0.0.1:{port}" },
            redis = new { password = _password },
            rabbitmq = new { connectionString = $"amqp://orders:{_password}@127.0.0.1:{port}" },
        }));
        var changed = text
            .Replace("  - name: brokers\n    value: \"127.0.0.1:9092\"", "  - name: brokers\n    secretKeyRef: {name: kafka, key: brokers}", StringComparison.Ordinal)
            .Replace("  # - name: redisPassword\n  #   secretKeyRef", "  - name: redisPassword\n    secretKeyRef", StringComparison.Ordinal)
            .Replace("  #   secretKeyRef: {name: rabbitmq", "    secretKeyRef: {name: rabbitmq", StringComparison.Ordinal)
            .Replace("# auth:\n#   secretStore", "auth:\n  secretStore", StringComparison.Ordinal);
        return $"{changed}---\n{Store()}";
    }

    /// <summary>Returns the secret store in docs/operations.md, with the file of this test.</summary>
    private string Store()
    {
        const string file = "/etc/dapr-orders/secrets.json";
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        var block = page.Split("```yaml\n").Skip(1).Select(text => text.Split("```")[0]).Single(text => text.Contains("secretstores", StringComparison.Ordinal));
        Assert.Contains(file, block, StringComparison.Ordinal);
        return block.Replace(file, SecretsFile, StringComparison.Ordinal);
    }

    private static async Task<string> PingAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, Cancel);
        await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), Cancel);
        var response = new byte[100];
        return Encoding.ASCII.GetString(response, 0, await client.GetStream().ReadAsync(response, Cancel));
    }
}
