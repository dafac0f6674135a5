using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Bench;

/// <summary>Creates results for tests, without measuring.</summary>
internal static class SampleResults
{
    public static Measurement Of(SystemKind system, int clients, double services, double postgres = 0, double endToEnd = 1000) => new()
    {
        System = system,
        Name = $"{clients} clients",
        Clients = clients,
        Orders = 10_000,
        AcceptedPerSecond = 1000,
        EndToEndPerSecond = endToEnd,
        BacklogAtEnd = 0,
        Latency = new Dictionary<string, Percentiles> { [Latencies.Response] = new(10, 20) },
        CpuPerOrder = new Dictionary<string, double>
        {
            ["gateway"] = services / 4,
            ["order"] = services / 4,
            ["inventory"] = services / 4,
            ["notification"] = services / 4,
            [Usage.Postgres] = postgres,
            [Usage.Sidecars] = 300,
            [Usage.Load] = 50,
            [Usage.Other] = 70,
        },
        SwitchesPerOrder = new Dictionary<string, double> { ["order"] = 3, [Usage.Sidecars] = 9, [Usage.Load] = 2 },
        PeakRss = Usage.Services.Append(Usage.Sidecars).Append(Usage.Load).ToDictionary(name => name, _ => 100_000_000L),
        PerOrder = new Dictionary<string, double> { [Counter.WalBytes] = 2000, ["diskBytes orders.pk_orders"] = 40, ["diskBytes orders.orders"] = 110 },
        Batches = new Dictionary<string, double> { [Counter.OrdersPerGroup] = 16 },
    };

    public static Measurement AtRate(SystemKind system, string name, double rate, double services, double notifiedP50, double notifiedP99) =>
        Of(system, clients: 0, services) with
        {
            Name = name,
            Rate = rate,
            Latency = new Dictionary<string, Percentiles>
            {
                [Latencies.Response] = new(2, 5),
                [Latencies.Settled] = new(notifiedP50 + 2, notifiedP99 + 5),
                [Latencies.Notified] = new(notifiedP50 + 2, notifiedP99 + 5),
                [Latencies.AcceptedToSettled] = new(notifiedP50, notifiedP99),
                [Latencies.AcceptedToNotified] = new(notifiedP50, notifiedP99),
            },
        };

    public static Results Create(RuntimeKind runtime, params Measurement[] measured)
    {
        var results = new Results
        {
            At = new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero),
            Runtime = runtime,
            Broker = "kafka",
            Versions = new Dictionary<string, string> { ["commit"] = "0123abc", ["cores"] = "2" },
            IsPublished = true,
        };
        results.Comparison.AddRange(measured.Where(measurement => measurement.Rate is null).Select(measurement => Summary.Of([measurement])));
        results.Latency.AddRange(measured.Where(measurement => measurement.Rate is not null).Select(measurement => Summary.Of([measurement])));
        return results;
    }
}
