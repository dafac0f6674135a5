using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Bench;

/// <summary>Creates results for tests, without measuring.</summary>
internal static class SampleResults
{
    public static Measurement Of(SystemKind system, int clients, double services, double postgres = 0, double endToEnd = 1000, int backlog = 0) => new()
    {
        System = system,
        Name = $"{clients} clients",
        Clients = clients,
        Orders = 10_000,
        AcceptedPerSecond = 1000,
        EndToEndPerSecond = endToEnd,
        BacklogAtEnd = backlog,
        PostP50 = 10,
        PostP99 = 20,
        CpuPerOrder = new Dictionary<string, double>
        {
            ["gateway"] = services / 4,
            ["order"] = services / 4,
            ["inventory"] = services / 4,
            ["notification"] = services / 4,
            [Usage.Postgres] = postgres,
            [Usage.Sidecars] = 300,
            [Usage.Load] = 50,
        },
        PeakRss = Usage.Services.Append(Usage.Sidecars).Append(Usage.Load).ToDictionary(name => name, _ => 100_000_000L),
    };

    public static Results Create(RuntimeKind runtime, params Measurement[] comparison)
    {
        var results = new Results
        {
            At = new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero),
            Runtime = runtime,
            Broker = "kafka",
            Machine = "2 cores",
            IsPublished = true,
        };
        results.Comparison.AddRange(comparison);
        return results;
    }
}
