using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Observability;

/// <summary>Runs the commands of the section about dead letters in docs/operations.md, in order, on an event that cannot be read.</summary>
[Trait("Form", "observability")]
public sealed partial class DeadLetterRunbookTests
{
    private const string List = "curl -s -H \"$token\" 'http://localhost:8002/dead-letters?topic=order.created'";

    private static readonly string[] Statuses =
    [
        "200", // list
        "200", // read
        "409", // redrive: the event still cannot be read
        "200", // redrive all that match
        "204", // delete
        "200", // delete all that match
    ];

    [Fact(Explicit = true)]
    public async Task Commands_of_the_dead_letter_runbook_succeed()
    {
        await using var stack = new StackHost(null, StackSettings.FromEnvironment() with { Runtime = RuntimeKind.Emulator, Attached = null });
        await stack.StartAsync();
        await stack.QueryAsync("orders_db", "INSERT INTO outbox (id, topic, key, data) VALUES (gen_random_uuid(), 'order.created', 'malformed', '{}')");
        await Wait.UntilAsync("a dead letter", async () => await stack.QueryAsync("inventory_db", "SELECT count(*) FROM dead_letters") is 1L);
        var id = await stack.QueryAsync("inventory_db", "SELECT id FROM dead_letters");
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/operations.md"), TestContext.Current.CancellationToken);
        var section = page.Split("\n## ").Single(section => section.StartsWith("Dead letters\n", StringComparison.Ordinal));
        var lines = Block().Matches(section).SelectMany(block => block.Groups[1].Value.Split('\n')).Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        Assert.Equal(List, lines[1]);

        var statuses = new List<string>();
        foreach (var command in lines.Skip(1))
        {
            var script = $"{lines[0]}\n{command} -w '\\n%{{http_code}}'"
                .Replace("$(cat .dapr-orders/operator-token)", stack.Tokens.Operator, StringComparison.Ordinal)
                .Replace("localhost:8002", $"127.0.0.1:{stack.Instances.Single(instance => instance.AppId == "inventory").Port}", StringComparison.Ordinal)
                .Replace("/17", $"/{id}", StringComparison.Ordinal);
            var (exitCode, output) = await ProcessRunner.RunAsync(
                ["bash", "-c", script], Repository.Root, Wait.Limit, new Dictionary<string, string> { ["no_proxy"] = "127.0.0.1" }, TestContext.Current.CancellationToken);
            Assert.True(exitCode == 0, output);
            statuses.Add(output.TrimEnd().Split('\n')[^1]);
        }

        Assert.Equal(Statuses, statuses);
    }

    [GeneratedRegex("^ *```sh\n(.*?)^ *```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
