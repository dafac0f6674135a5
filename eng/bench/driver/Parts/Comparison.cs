using System.Globalization;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Parts;

/// <summary>
/// Measures all systems in turns, at full load and at constant rates, so that other load on the machine affects each of them equally. One part,
/// because it takes a minute to start a system and to warm it up.
/// </summary>
internal sealed class Comparison(BenchOptions options) : IPart
{
    /// <summary>A rate above this share of the maximum is not measured: the queues would grow until the end.</summary>
    private const double LargestShare = 0.9;

    private const int MaximumClients = 128;

    private static readonly TimeSpan Start = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    private readonly List<Measurement> _loads = [];
    private readonly List<Measurement> _rates = [];
    private readonly int[] _clients = options.Parts.Contains(Part.Compare) ? [MaximumClients, 32] : [MaximumClients];

    private int RateCount => options.Parts.Contains(Part.Latency) ? options.Rates.Count + options.SharesOfMaximum.Count : 0;

    public int Steps => options.Rounds * options.Systems.Count * (1 + _clients.Length + RateCount) + (MeasuresIdle ? 1 : 0);

    public TimeSpan Estimate =>
        (options.Rounds * options.Systems.Count
            * (Start + options.WarmUp + (_clients.Length * (options.Load + Drain)) + (RateCount * (options.Steady + Drain))))
        + (MeasuresIdle ? Idle : TimeSpan.Zero);

    private bool MeasuresIdle => options.Parts.Contains(Part.Compare) && options.Systems.Contains(SystemKind.Ours) && !options.IsQuick;

    public async Task RunAsync(Results results, Progress progress)
    {
        for (var round = 1; round <= options.Rounds; round++)
        {
            // Each round starts with a different system.
            foreach (var kind in options.Systems.Select((_, i) => options.Systems[(i + round - 1) % options.Systems.Count]))
            {
                try
                {
                    await MeasureAsync(kind, round, results, progress);
                }
                catch (Exception e) when (e is InvalidOperationException or StackException)
                {
                    // The other systems are still measured. The exit status reports the failure.
                    Console.Error.WriteLine($"bench: {e.Message}");
                    results.Failures.Add($"{kind.Name()}, round {round}: {e.Message.Split('\n')[0]}");
                }
            }
        }

        results.Comparison.AddRange(options.Parts.Contains(Part.Compare) ? Summary.OfEach(_loads).OrderByDescending(summary => summary.Median.Clients) : []);
        results.Latency.AddRange(Summary.OfEach(_rates));
    }

    public static string Describe(Measurement measured) => string.Create(
        CultureInfo.InvariantCulture,
        $"{measured.EndToEndPerSecond:F0} orders/s end to end, POST {measured.Latency[Latencies.Response].P50:F1} ms, CPU per order: services {measured.ServicesCpu:F0} µs, PostgreSQL {measured.PostgresCpu:F0} µs, load {100 * measured.LoadShare:F0} %");

    private async Task MeasureAsync(SystemKind kind, int round, Results results, Progress progress)
    {
        progress.Step($"{kind.Name()}, round {round}: start and {options.WarmUp.TotalSeconds:F0} s of warm-up");
        await using var system = await SystemUnderTest.StartAsync(kind, options);
        foreach (var clients in _clients)
        {
            progress.Step($"{kind.Name()}, round {round}: {clients} clients");
            _loads.Add(await system.MeasureAsync($"{clients} clients", clients, OrderRequests.Single(1000, options.Keys), options.Load));
            Progress.Write(Describe(_loads[^1]));
        }

        if (RateCount > 0)
        {
            await MeasureRatesAsync(system, round, progress);
        }

        if (MeasuresIdle && kind is SystemKind.Ours && round == options.Rounds)
        {
            progress.Step($"{kind.Name()}: {Idle.TotalSeconds:F0} s idle");
            results.Idle = await system.MeasureIdleAsync(Idle);
            Progress.Write(string.Create(CultureInfo.InvariantCulture, $"{100 * results.Idle:F2} % of a core"));
        }
    }

    private async Task MeasureRatesAsync(SystemUnderTest system, int round, Progress progress)
    {
        var maximum = _loads.Where(load => load.System == system.Kind && load.Clients == MaximumClients).Select(load => load.EndToEndPerSecond).ToList();
        var ownMaximum = Latencies.Percentile(maximum, 50);
        var rates = options.Rates.Select(rate => (Name: Names.Rate(rate), Rate: rate))
            .Concat(options.SharesOfMaximum.Select(share => (Name: Names.ShareOfMaximum(share), Rate: share * ownMaximum)));
        foreach (var (name, rate) in rates)
        {
            if (rate > LargestShare * ownMaximum)
            {
                progress.Step($"{system.Kind.Name()}, round {round}: {name} is above {LargestShare:P0} of its maximum, skipped");
                continue;
            }

            progress.Step($"{system.Kind.Name()}, round {round}: {name}");
            _rates.Add(await system.MeasureAtRateAsync(name, rate, OrderRequests.Single(1000, options.Keys), options.Steady));
            var notified = _rates[^1].Latency[Latencies.AcceptedToNotified];
            Progress.Write(string.Create(
                CultureInfo.InvariantCulture, $"accepted → notified {notified.P50:F1} / {notified.P99:F1} ms, CPU per order without the load {_rates[^1].SystemCpu:F0} µs"));
        }
    }
}
