using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays delivery.json: one event, the responses of the app, and the times of the redeliveries.</summary>
internal sealed class DeliveryReplay() : Replay(new AutoAdvancingTime())
{
    private const int Partitions = 3;
    private static readonly string[] Paths = ["/in", "/dlq-in", "/red", "/mem", "/scoped"];

    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var expected = recorded["deliveries"]!.AsArray();
        var responses = new Queue<JsonNode>(expected.Select(delivery => delivery!["answer"]!));
        // Repeat the last response, so that the test detects an unexpected redelivery.
        App.Respond = call => Task.FromResult(call.Body.Contains("sentinel") || call.Path == "/dead"
            ? new AppResponse(200)
            : ResponseFrom(responses.Count > 1 ? responses.Dequeue() : responses.Peek()));
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

    // Publishes one event without a key to each partition and waits for it. All earlier events have been delivered then.
    private async Task WaitForSentinelsAsync(Sidecar sidecar, string path, int before)
    {
        for (var partition = 0; partition < Partitions; partition++)
        {
            using var response = await Host.PostAsync(sidecar, path.Split('?')[0], "\"sentinel\"");
        }

        await App.WaitForAsync(before + Partitions, Paths);
    }
}
