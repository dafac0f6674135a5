using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>delivery.json: one event, the answers of the app in turn, and when it came again.</summary>
internal sealed class DeliveryPlayer() : Player(new JumpingTime())
{
    private static readonly string[] Paths = ["/in", "/dlq-in", "/red", "/mem", "/scoped"];

    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        var expected = recorded["deliveries"]!.AsArray();
        var answers = new Queue<JsonNode>(expected.Select(delivery => delivery!["answer"]!));
        App.Answer = call => Task.FromResult(call.Body.Contains("sentinel") || call.Path == "/dead" ? new Reply(200) : Next(answers));
        var sidecar = await StartProbeAsync();

        await ExchangeAsync(sidecar, recorded);
        await App.WaitForAsync(expected.Count, Paths);
        await PassSentinelsAsync(sidecar, recorded["request"]!["path"]!.GetValue<string>(), expected.Count);

        var deliveries = App.Calls.Where(call => Paths.Contains(call.Path) && !call.Body.Contains("sentinel")).ToList();
        Assert.Equal(expected.Count, deliveries.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            AssertAt(expected[i]!["after_ms"]!, deliveries[0].At, deliveries[i].At);
        }

        if (recorded["dead_letter"] is JsonArray letters)
        {
            await AssertDeadLettersAsync(letters, deliveries.Count == 0 ? default : deliveries[0].At);
        }
    }

    // One event without a key for each partition: when they have come, nothing before them is still to come.
    private async Task PassSentinelsAsync(Sidecar sidecar, string path, int before)
    {
        path = path.Split('?')[0];
        for (var partition = 0; partition < 3; partition++)
        {
            using var answer = await Host.PostAsync(sidecar, path, "\"sentinel\"");
        }

        await App.WaitForAsync(before + 3, Paths);
    }

    private async Task AssertDeadLettersAsync(JsonArray expected, DateTimeOffset first)
    {
        var letters = await App.WaitForAsync(expected.Count, "/dead");
        Assert.Equal(
            expected.Select(letter => Mask.Headers(Recording.Headers(letter!["headers"])) + "\n" + Mask.Text(letter["body"]!.GetValue<string>())),
            letters.Select(letter => Mask.Headers(letter.Headers) + "\n" + Mask.Text(letter.Body)));
        for (var i = 0; i < expected.Count; i++)
        {
            AssertAt(expected[i]!["after_ms"]!, first, letters[i].At);
        }
    }

    // What fails always fails once more than was recorded, if it comes once more.
    private static Reply Next(Queue<JsonNode> answers) => ReplyOf(answers.Count > 1 ? answers.Dequeue() : answers.Peek());
}
