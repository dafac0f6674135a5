using DaprOrders.Testing.Stack;

namespace DaprOrders.EndToEnd.Tests;

public sealed class StackSettingsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dapr-orders-published-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Without_a_word_it_is_the_development_sidecar_playing_kafka()
    {
        var settings = Read();

        Assert.Equal((RuntimeKind.Embedded, "kafka"), (settings.Runtime, settings.Broker));
        Assert.Null(settings.Attached);
    }

    [Fact]
    public void The_environment_chooses_runtime_broker_and_the_system_that_runs_already()
    {
        var settings = Read(("STACK", "dapr"), ("BROKER", "redis"), ("GATEWAY_URL", "http://localhost:8000"), ("ORDERS_DB", "Host=there"));

        Assert.Equal((RuntimeKind.Dapr, "redis"), (settings.Runtime, settings.Broker));
        Assert.Equal(new Uri("http://localhost:8000"), settings.Attached);
        Assert.Equal("Host=there", settings.Connections["orders_db"]);
    }

    [Theory]
    [InlineData("STACK", "docker", "must be embedded or dapr")]
    [InlineData("BROKER", "nats", "must be one of kafka, redis, rabbitmq")]
    [InlineData("STACK_BIN", "/nowhere", "eng/publish.sh writes one")]
    [InlineData("GATEWAY_URL", "localhost", "must be a URL like http://localhost:8000")]
    public void A_value_that_means_nothing_is_named_with_what_would(string name, string value, string hint)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Read((name, value)));

        Assert.Contains($"{name} is '{value}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(hint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_a_published_folder_the_programs_are_started_that_lie_in_it()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "dapr.yaml"), "");
        _folder.CreateSubdirectory("dapr-emulator");

        var settings = Read(("STACK_BIN", _folder.FullName));

        Assert.Equal([Path.Combine(_folder.FullName, "order", "DaprOrders.OrderService")], settings.Command("order"));
        Assert.Equal([Path.Combine(_folder.FullName, "dapr-emulator", "dapr-emulator")], settings.Emulator);
        Assert.Equal(_folder.FullName, settings.Root);
    }

    private static StackSettings Read(params (string Name, string Value)[] variables) =>
        StackSettings.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
