using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Parts;

/// <summary>Measures how the cost of an order changes with more items, with old rows, and with more instances.</summary>
internal sealed class Growth(BenchOptions options) : IPart
{
    private const int Clients = 128;
    private const int Repeats = 3;

    private static readonly int[] Items = [1, 10, 100, 1000];

    public int Steps => 2 + Items.Length + 1 + (2 * Repeats) + 2;

    public TimeSpan Estimate => (2 * (TimeSpan.FromSeconds(15) + options.WarmUp))
        + ((Items.Length + (2 * Repeats) + 1) * (options.Load + TimeSpan.FromSeconds(1)))
        + TimeSpan.FromSeconds(90.0 * options.Rows / 1_000_000);

    public async Task RunAsync(Results results, Progress progress)
    {
        progress.Step("Growth: start and warm-up");
        await using (var system = await SystemUnderTest.StartAsync(SystemKind.Ours, options))
        {
            foreach (var items in Items)
            {
                progress.Step($"Growth: {items} items ordered");
                results.Growth.Add(await MeasureAsync(system, $"{items} items", items, progress));
            }

            results.Growth.Add(await RepeatAsync(system, Names.NoOldRows, progress));
            progress.Step($"Growth: inserting {options.Rows:N0} old orders, reservations and notifications");
            await system.AddOldRowsAsync(options.Rows);
            results.Growth.Add(await RepeatAsync(system, Names.OldRows, progress));
        }

        progress.Step("Growth: two instances of each service, start and warm-up");
        await using var doubled = await SystemUnderTest.StartAsync(SystemKind.Ours, options, instances: 2);
        progress.Step("Growth: two instances of each service");
        results.Growth.Add(await MeasureAsync(doubled, "2 instances", 1000, progress));
    }

    private async Task<Measurement> RepeatAsync(SystemUnderTest system, string name, Progress progress)
    {
        var measured = new List<Measurement>();
        for (var repeat = 1; repeat <= Repeats; repeat++)
        {
            progress.Step($"Growth: {name}, {repeat} of {Repeats}");
            measured.Add(await MeasureAsync(system, name, 1000, progress));
        }

        return Measurement.Median(measured);
    }

    private async Task<Measurement> MeasureAsync(SystemUnderTest system, string name, int items, Progress progress)
    {
        var measured = await system.MeasureAsync(name, Clients, OrderBodies.Single(items), options.Load);
        Progress.Write(Comparison.Summarize(measured));
        return measured;
    }
}
