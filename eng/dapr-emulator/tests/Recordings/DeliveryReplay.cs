using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>delivery.json: one event, the answers of the app in turn, and when the event was redelivered.</summary>
internal sealed class DeliveryReplay() : Replay(new AutoAdvancingTime())
{
    private const int Partitions = 3;
    private static readonly string[] Paths = ["/in", "/dlq-in", "/red", "/mem", "/scoped"];

    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var expected = recorded["deliveries"]!.AsArray();
        var answers = new Queue<JsonNode>(expected.Select(delivery => delivery!["answer"]!));
        // The last response is repeated, so that a redelivery too many shows.
        App.Respond = call => Task.FromResult(call.Body.Contains("sentinel") || call.Path == "/dead"
            ? new AppResponse(200)
            : ResponseFrom(answers.Count > 1 ? answers.Dequeue() : answers.Peek()));
        var sidecar = await StartProbeAsync();

        await ExchangeAsync(sidecar, recorded);
        await App.WaitForAsync(expected.Count, Paths);
        await WaitForSentinelsAsync(sidecar, recorded["request"]!["path"]!.GetValue<string>(), expected.Count);

        var deliveries = App.Calls.Where(call => Paths.Contains(call.Path) && !call.Body.Contains("sentinel")).ToList();
        Assert.Equal(expected.Count, deliveries.Count);
        foreach (var (delivery, actual) in expected.Zip(deliveries))
        {
            AssertAt(delivery!["after_ms"]!, deliveries[0].At, actual.At);
        }

        if (recorded["dead_letter"] is JsonArray deadLetters)
        {
            foreach (var (expectedLetter, deadLetter) in deadLetters.Zip(await AssertDeadLettersAsync(deadLetters)))
            {
                AssertAt(expectedLetter!["after_ms"]!, deliveries[0].At, deadLetter.At);
            }
        }
    }

    // One event without a key for each partition: when they have arrived, everything published before them has.
    private async Task WaitForSentinelsAsync(Sidecar sidecar, string path, int before)
    {
        for (var partition = 0; partition < Partitions; partition++)
        {
            using var response = await Host.PostAsync(sidecar, path.Split('?')[0], "\"sentinel\"");
        }

        await App.WaitForAsync(before + Partitions, Paths);
    }
}
