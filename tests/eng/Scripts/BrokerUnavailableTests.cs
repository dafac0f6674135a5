namespace DaprOrders.Eng.Tests.Scripts;

[Trait("Form", "scripts")]
public sealed class BrokerUnavailableTests
{
    [Fact(Explicit = true)]
    public async Task Emulator_is_used_if_the_broker_is_unavailable_for_60_s()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.RunPostgresAsync();
        machine.InstallDapr();
        machine.ServicesAreReadyAfter(machine.EmulatorCall);

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        var address = $"kafka on 127.0.0.1:{machine.Clone.FreePortOf(9092)}";
        var output = machine.Clone.Output;
        Assert.Contains($"Waiting up to 60 s for {address} (docker-compose.yml has one) ...\n", output, StringComparison.Ordinal);
        Assert.Contains("Runtime   Dapr emulator, because kafka on 127.0.0.1:", output, StringComparison.Ordinal);
        Assert.Contains("Broker    kafka, emulated, data in .dapr-orders/broker\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain(machine.Calls, call => call.StartsWith("dapr ", StringComparison.Ordinal));
    }
}
