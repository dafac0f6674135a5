using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Parts;

/// <summary>Measures how the cost of an order and the time of a query change with more items, with old rows, and with more instances.</summary>
internal sealed class Growth(BenchOptions options) : IPart
{
    private const int Clients = 128;

    private static readonly int[] Items = [1, 10, 100, 1000];

    public int Steps => 1 + Items.Length + (2 * (options.Rounds + 2)) + 1 + 2;

    public TimeSpan Estimate => (2 * (TimeSpan.FromSeconds(25) + options.WarmUp))
        + ((Items.Length + (2 * (options.Rounds + 1)) + 1) * (options.Load + TimeSpan.FromSeconds(4)))
        + TimeSpan.FromSeconds(20 + (60.0 * options.Rows / 1_000_000));

    public async Task RunAsync(Results results, Progress progress)
    {
        progress.Step("Growth: start and warm-up");
        await using (var system = await SystemUnderTest.StartAsync(SystemKind.Ours, options))
        {
            foreach (var items in Items)
            {
                await MeasureAsync(system, $"{items} items", OrderRequests.Single(items), rounds: 1, results, progress);
            }

            await MeasureRowsAsync(system, Names.NoOldRows, rows: 0, results, progress);
            progress.Step($"Growth: inserting {options.Rows:N0} old orders, reservations and notifications");
            await OldRows.AddAsync(system.Databases, options.Rows);
            await MeasureRowsAsync(system, Names.OldRows, options.Rows, results, progress);
        }

        progress.Step("Growth: two instances of each service, start and warm-up");
        await using var doubled = await SystemUnderTest.StartAsync(SystemKind.Ours, options, instances: 2);
        await MeasureAsync(doubled, "2 instances", OrderRequests.Single(1000), rounds: 1, results, progress);
    }

    private async Task MeasureRowsAsync(SystemUnderTest system, string name, int rows, Results results, Progress progress)
    {
        await MeasureAsync(system, name, OrderRequests.Single(1000), options.Rounds, results, progress);
        await MeasureAsync(system, $"{name}, random keys", OrderRequests.Single(1000, KeyKind.Random), rounds: 1, results, progress);
        progress.Step($"Growth: {name}, queries");
        results.Reads.AddRange(await ReadTimes.MeasureAsync(system, rows));
        results.Reads.TakeLast(ReadTimes.Count).ToList().ForEach(read => Progress.Write($"{read.What}: {read.Time.P50:F1} / {read.Time.P99:F1} ms"));
    }

    private async Task MeasureAsync(SystemUnderTest system, string name, OrderRequests requests, int rounds, Results results, Progress progress)
    {
        var measured = new List<Measurement>();
        for (var round = 1; round <= rounds; round++)
        {
            progress.Step($"Growth: {name}, {round} of {rounds}");
            measured.Add(await system.MeasureAsync(name, Clients, requests, options.Load));
            Progress.Write(Comparison.Describe(measured[^1]));
        }

        results.Growth.Add(Summary.Of(measured));
    }
}
