using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Parts;

/// <summary>Compares orders that are placed one by one, with and without keys, with batches of several sizes, in turns on one system.</summary>
internal sealed class BatchIntake(BenchOptions options) : IPart
{
    private const int SingleClients = 128;
    private const int BatchClients = 4;

    /// <summary>Batches are placed for a shorter time, because it takes longer to handle their orders than to accept them.</summary>
    private TimeSpan BatchLoad => options.Load / 2;

    public int Steps => 1 + (options.Rounds * (2 + Names.BatchSizes.Length));

    public TimeSpan Estimate => TimeSpan.FromSeconds(40) + options.WarmUp
        + (options.Rounds * ((2 * options.Load) + (Names.BatchSizes.Length * (BatchLoad + TimeSpan.FromSeconds(8)))));

    public async Task RunAsync(Results results, Progress progress)
    {
        progress.Step("Batch intake: start and warm-up");
        await using var system = await SystemUnderTest.StartAsync(SystemKind.Ours, options, batches: Names.BatchSizes);
        var measured = new List<Measurement>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            await MeasureAsync(round, Names.Single, SingleClients, OrderRequests.Single(1000), options.Load);
            await MeasureAsync(round, Names.RandomKeys, SingleClients, OrderRequests.Single(1000, KeyKind.Random), options.Load);
            foreach (var size in Names.BatchSizes)
            {
                await MeasureAsync(round, Names.Batch(size), BatchClients, OrderRequests.Batch(size), BatchLoad);
            }
        }

        results.Batch.AddRange(Summary.OfEach(measured));

        async Task MeasureAsync(int round, string name, int clients, OrderRequests requests, TimeSpan load)
        {
            progress.Step($"Batch intake, round {round}: {name}");
            measured.Add(await system.MeasureAsync(name, clients, requests, load));
            Progress.Write(Comparison.Describe(measured[^1]));
        }
    }
}
