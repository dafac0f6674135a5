using System.Diagnostics;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Takes a minute of waiting, so it is alone in its class, beside which others run.</summary>
[Trait("Form", "scripts")]
public sealed class BrokerAwayTests
{
    [Fact(Explicit = true)]
    public async Task Where_the_broker_stays_away_for_60_s_the_development_sidecar_plays_it_and_says_so()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.RunPostgres();
        machine.InstallDapr();
        machine.ServicesAreReadyOnce("dotnet artifacts");

        var began = Stopwatch.GetTimestamp();
        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(59)); // by a clock of whole seconds

        var address = $"kafka on 127.0.0.1:{machine.Clone.FreePortOf(9092)}";
        var output = machine.Clone.Output;
        Assert.Contains($"Waiting up to 60 s for {address} (docker-compose.yml has one) ...\n", output, StringComparison.Ordinal);
        Assert.Contains("Runtime   Dapr emulator, as kafka does not answer on 127.0.0.1:", output, StringComparison.Ordinal);
        Assert.Contains("Broker    kafka, emulated, data in .run/broker\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain(machine.Calls, call => call.StartsWith("dapr ", StringComparison.Ordinal));
    }
}
