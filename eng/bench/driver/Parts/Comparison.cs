using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Parts;

/// <summary>Measures all systems in turns, so that other load on the machine affects each of them equally.</summary>
internal sealed class Comparison(BenchOptions options) : IPart
{
    private const int SteadyRate = 100;

    private static readonly TimeSpan StartAndDrain = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);
    private static readonly int[] Clients = [128, 32];

    public int Steps => options.Rounds * options.Systems.Count * (1 + Clients.Length) + options.Systems.Count + (options.IsQuick ? 0 : 1);

    public TimeSpan Estimate =>
        (options.Rounds * options.Systems.Count * (StartAndDrain + options.WarmUp + (Clients.Length * options.Load)))
        + (options.Systems.Count * options.Steady) + (options.IsQuick ? TimeSpan.Zero : Idle);

    public async Task RunAsync(Results results, Progress progress)
    {
        var measured = new List<Measurement>();
        for (var round = 0; round < options.Rounds; round++)
        {
            // Each round starts with a different system.
            foreach (var kind in options.Systems.Select((_, i) => options.Systems[(i + round) % options.Systems.Count]))
            {
                progress.Step($"{kind}, round {round + 1}: start and {options.WarmUp.TotalSeconds:F0} s of warm-up");
                await using var system = await SystemUnderTest.StartAsync(kind, options);
                foreach (var clients in Clients)
                {
                    progress.Step($"{kind}, round {round + 1}: {clients} clients");
                    measured.Add(await system.MeasureAsync($"{clients} clients", clients, OrderBodies.Single(1000), options.Load));
                    Progress.Write(Summarize(measured[^1]));
                }

                if (round == options.Rounds - 1)
                {
                    await FinishAsync(system, results, progress);
                }
            }
        }

        results.Comparison.AddRange(measured
            .GroupBy(measurement => (measurement.System, measurement.Clients))
            .OrderByDescending(group => group.Key.Clients).ThenBy(group => group.Key.System)
            .Select(group => Measurement.Median([.. group])));
    }

    public static string Summarize(Measurement measured) =>
        $"{measured.EndToEndPerSecond:F0} orders/s end to end, POST {measured.PostP50:F1} ms, CPU per order: services {measured.ServicesCpu:F0} µs, PostgreSQL {measured.PostgresCpu:F0} µs";

    private async Task FinishAsync(SystemUnderTest system, Results results, Progress progress)
    {
        progress.Step($"{system.Kind}: {SteadyRate} orders/s");
        results.Steady.Add(await system.MeasureSteadyAsync(SteadyRate, options.Steady));
        Progress.Write($"accepted → notified {results.Steady[^1].P50:F1} ms");
        if (system.Kind is SystemKind.Ours && !options.IsQuick)
        {
            progress.Step($"{system.Kind}: {Idle.TotalSeconds:F0} s idle");
            results.Idle = await system.MeasureIdleAsync(Idle);
            Progress.Write($"{100 * results.Idle:F2} % of a core");
        }
    }
}
