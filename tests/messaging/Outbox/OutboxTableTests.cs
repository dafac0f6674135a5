namespace DaprOrders.Messaging.Tests.Outbox;

public sealed class OutboxTableTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The check at start reads the settings of a session of the service, so those of the relay must be the same.</summary>
    [Fact]
    public async Task Sessions_of_the_relay_have_the_options_of_the_connection_string()
    {
        await using var host = await fixture.StartAsync();
        await using var relay = OutboxTable.CreateDataSource($"{host.ConnectionString};Options=-c synchronous_commit=off");

        await using var command = relay.CreateCommand("SHOW synchronous_commit");
        Assert.Equal("off", await command.ExecuteScalarAsync(Cancel));
    }
}
