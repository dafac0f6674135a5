using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Parts;

/// <summary>Orders taken one by one against orders taken five hundred at a time, in turns on one system.</summary>
internal sealed class BatchIntake(BenchOptions options) : IPart
{
    private const int Size = 500;
    private const int SingleClients = 128;
    private const int BatchClients = 4;

    /// <summary>Shorter than that of single orders: what is taken so fast still has to be handled.</summary>
    private TimeSpan Load => options.Load / 2;

    public int Steps => 1 + (2 * options.Rounds);

    public TimeSpan Estimate => TimeSpan.FromSeconds(15) + options.WarmUp + (options.Rounds * (options.Load + Load + TimeSpan.FromSeconds(3)));

    public async Task RunAsync(Results results, Progress progress)
    {
        progress.Step("Batch intake: start and warming up");
        await using var system = await SystemUnderTest.StartAsync(SystemKind.Ours, options);
        List<Measurement> singles = [], batches = [];
        for (var round = 1; round <= options.Rounds; round++)
        {
            progress.Step($"Batch intake, round {round}: single orders");
            singles.Add(await system.MeasureAsync($"single, {SingleClients} clients", SingleClients, OrderBodies.Single(1000), options.Load));
            Progress.Say(Comparison.Short(singles[^1]));
            progress.Step($"Batch intake, round {round}: batches of {Size}");
            batches.Add(await system.MeasureAsync($"batches of {Size}, {BatchClients} clients", BatchClients, OrderBodies.Batch(Size), Load));
            Progress.Say(Comparison.Short(batches[^1]));
        }

        results.Batch.Add(Measurement.Median(singles));
        results.Batch.Add(Measurement.Median(batches));
    }
}
