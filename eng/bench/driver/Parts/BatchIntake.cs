using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Parts;

/// <summary>Compares orders that are placed one by one with batches of 500 orders, in turns on one system.</summary>
internal sealed class BatchIntake(BenchOptions options) : IPart
{
    private const int Size = 500;
    private const int SingleClients = 128;
    private const int BatchClients = 4;

    /// <summary>Batches are placed for a shorter time, because it takes longer to handle their orders than to accept them.</summary>
    private TimeSpan BatchLoad => options.Load / 2;

    public int Steps => 1 + (2 * options.Rounds);

    public TimeSpan Estimate => TimeSpan.FromSeconds(15) + options.WarmUp + (options.Rounds * (options.Load + BatchLoad + TimeSpan.FromSeconds(3)));

    public async Task RunAsync(Results results, Progress progress)
    {
        progress.Step("Batch intake: start and warm-up");
        await using var system = await SystemUnderTest.StartAsync(SystemKind.Ours, options);
        List<Measurement> singles = [], batches = [];
        for (var round = 1; round <= options.Rounds; round++)
        {
            progress.Step($"Batch intake, round {round}: single orders");
            singles.Add(await system.MeasureAsync($"single, {SingleClients} clients", SingleClients, OrderBodies.Single(1000), options.Load));
            Progress.Write(Comparison.Summarize(singles[^1]));
            progress.Step($"Batch intake, round {round}: batches of {Size}");
            batches.Add(await system.MeasureAsync($"batches of {Size}, {BatchClients} clients", BatchClients, OrderBodies.Batch(Size), BatchLoad));
            Progress.Write(Comparison.Summarize(batches[^1]));
        }

        results.Batch.Add(Measurement.Median(singles));
        results.Batch.Add(Measurement.Median(batches));
    }
}
