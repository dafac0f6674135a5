using DaprOrders.Stack;

namespace DaprOrders.EndToEnd.Tests;

public sealed class StackSettingsTests
{
    [Fact]
    public void Environment_variables_select_runtime_broker_and_running_system()
    {
        var settings = Read(("STACK", "dapr"), ("BROKER", "redis"), ("GATEWAY_URL", "http://localhost:8000"), ("ORDERS_DB", "Host=there"));

        Assert.Equal((RuntimeKind.Dapr, "redis"), (settings.Runtime, settings.Broker));
        Assert.Equal(new Uri("http://localhost:8000"), settings.Attached);
        Assert.Equal("Host=there", settings.Connections["orders_db"]);
    }

    [Theory]
    [InlineData("STACK", "docker", "must be emulator or dapr")]
    [InlineData("BROKER", "nats", "must be one of kafka, redis, rabbitmq")]
    [InlineData("STACK_BIN", "/nowhere", "./run.sh publish writes one")]
    [InlineData("GATEWAY_URL", "localhost", "must be a URL like http://localhost:8000")]
    public void Invalid_value_is_an_error_that_lists_the_valid_values(string name, string value, string hint)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Read((name, value)));

        Assert.Contains($"{name} is '{value}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(hint, error.Message, StringComparison.Ordinal);
    }

    private static StackSettings Read(params (string Name, string Value)[] variables) =>
        StackSettings.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
