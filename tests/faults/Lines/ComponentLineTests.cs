using System.Diagnostics;
using DaprOrders.Faults.Tests.Mutations;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Lines;

/// <summary>
/// Removes a line of a component, and checks that its scenario then loses notifications. With the line, the same scenario loses none. Each system has
/// its own broker, whatever <c>STACK</c> and <c>BROKER</c> are. <c>LINE=rabbitmq</c> runs only the lines whose name contains "rabbitmq".
/// </summary>
[Trait("Form", "lines")]
public sealed class ComponentLineTests(ITestOutputHelper output, ComponentLineTests.Original original) : IClassFixture<ComponentLineTests.Original>
{
    public static TheoryData<string> Names => [.. AllLines.List.Select(line => line.Name)];

    [Theory(Explicit = true)]
    [MemberData(nameof(Names))]
    public async Task Component_loses_notifications_only_without_the_line(string name)
    {
        AttachedSystem.Skip();
        LineRun.SkipUnselected(name);
        var line = AllLines.List.Single(line => line.Name == name);
        Assert.SkipUnless(DaprPrograms.Find() is { Cli: not null, HasRuntime: true }, "Dapr is not installed.");
        Assert.SkipWhen(BrokerPrograms.Reason(line.Broker) is not null, $"{BrokerPrograms.Reason(line.Broker)}.");
        Assert.SkipWhen(line.Mutation is not null && !Repository.IsHere, "The sources are missing, and this line is in the sources of a service.");

        var with = await MeasureAsync($"With {line}", () => original.RunAsync(line));
        var without = await MeasureAsync($"Without {line}", () => RunWithoutAsync(line));

        Assert.True(with <= line.Tolerated, $"With the line, {with} notifications were missing");
        Assert.True(without > line.Tolerated, $"Without the line, only {without} notifications were missing");
    }

    [Fact]
    public void Every_line_is_in_its_file()
    {
        var root = StackSettings.FromEnvironment().Root;
        foreach (var line in AllLines.List)
        {
            var files = ((string[])["components/common/resiliency.yaml", $"components/{line.Broker}/pubsub.yaml", "rabbitmq/definitions.json", "rabbitmq/20-dapr-orders.conf"])
                .Select(file => File.ReadAllText(Path.Combine(root, file)).ReplaceLineEndings("\n"));

            Assert.All(line.Edits, edit => Assert.Contains(files, file => file.Contains(edit.Find, StringComparison.Ordinal)));
            if (line.Mutation is { } mutation && Repository.IsHere)
            {
                Assert.All(mutation.Edits, edit => MutatedBuild.Apply(Repository.Root, edit, mutation)); // throws if the edit does not match
            }
        }
    }

    private static async Task<int> RunWithoutAsync(ComponentLine line)
    {
        using var build = line.Mutation is { } mutation ? await MutatedBuild.CreateAsync(mutation) : null;
        await using var stack = await LineRun.StartAsync(line, without: true, build);
        return await line.Scenario(new LineRun(stack));
    }

    private async Task<int> MeasureAsync(string what, Func<Task<int>> run)
    {
        var began = Stopwatch.GetTimestamp();
        var missing = await run();
        output.WriteLine($"{what}: {missing} notifications missing, {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
        return missing;
    }

    /// <summary>
    /// Contains a system with all lines. Consecutive lines of one broker share it, unless the scenario has failed or has disturbed the connections to
    /// the broker.
    /// </summary>
    public sealed class Original : IAsyncDisposable
    {
        private StackHost? _stack;
        private (string Broker, StackOptions Options) _key;

        internal async Task<int> RunAsync(ComponentLine line)
        {
            if (_stack is null || _key != (line.Broker, line.Stack))
            {
                await DisposeAsync();
                _stack = await LineRun.StartAsync(line, without: false);
                _key = (line.Broker, line.Stack);
            }

            var run = new LineRun(_stack);
            var isReusable = false;
            try
            {
                var missing = await line.Scenario(run);
                isReusable = !run.HasLostConnections;
                return missing;
            }
            finally
            {
                if (!isReusable)
                {
                    await DisposeAsync();
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_stack is { } stack)
            {
                _stack = null;
                await stack.DisposeAsync();
            }
        }
    }
}
