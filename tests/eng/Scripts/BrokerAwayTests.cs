using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Scripts;

[Trait("Form", "scripts")]
public sealed class BrokerAwayTests
{
    [Fact(Explicit = true)]
    public async Task A_broker_that_stays_unavailable_for_60_s_is_emulated()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.RunPostgres();
        machine.InstallDapr();
        await machine.Clone.ReplaceAsync("run.sh", "broker_patience=60", "broker_patience=2");
        machine.ServicesAreReadyOnce("dotnet eng");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        var address = $"kafka on 127.0.0.1:{machine.Clone.FreePortOf(9092)}";
        var output = machine.Clone.Output;
        Assert.Contains($"Waiting up to 2 s for {address} (docker-compose.yml has one) ...\n", output, StringComparison.Ordinal);
        Assert.Contains("Runtime   Dapr emulator, as kafka does not answer on 127.0.0.1:", output, StringComparison.Ordinal);
        Assert.Contains("Broker    kafka, emulated, data in .run/broker\n", output, StringComparison.Ordinal);
        Assert.Contains("broker_patience=60", await File.ReadAllTextAsync(Path.Combine(Repository.Root, "run.sh"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.DoesNotContain(machine.Calls, call => call.StartsWith("dapr ", StringComparison.Ordinal));
    }
}
