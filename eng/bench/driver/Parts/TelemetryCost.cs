using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Parts;

/// <summary>Measures what telemetry costs: without it, with a tenth of the traces, and with all traces, in turns.</summary>
internal sealed class TelemetryCost(BenchOptions options) : IPart
{
    private const int Clients = 128;

    private static readonly (string Name, string? Ratio)[] Settings = [("no telemetry", null), ("10 % of the traces", "0.1"), ("all traces", "1")];

    public int Steps => options.Rounds * Settings.Length;

    public TimeSpan Estimate => Steps * (TimeSpan.FromSeconds(24) + options.WarmUp + options.Load);

    /// <exception cref="InvalidOperationException">The services sent no telemetry.</exception>
    public async Task RunAsync(Results results, Progress progress)
    {
        var measured = new List<Measurement>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var (name, ratio) in Settings)
            {
                progress.Step($"Telemetry, round {round}: {name}");
                using var collector = new DiscardingCollector();
                await using var system = await SystemUnderTest.StartAsync(SystemKind.Ours, options, environment: ratio is null ? null : collector.Environment(ratio));
                measured.Add(await system.MeasureAsync(name, Clients, OrderRequests.Single(1000), options.Load));
                if (ratio is not null && collector.Requests == 0)
                {
                    throw new InvalidOperationException("The services sent no telemetry.");
                }

                Progress.Write(Comparison.Describe(measured[^1]));
            }
        }

        results.Telemetry.AddRange(Summary.OfEach(measured));
    }
}
