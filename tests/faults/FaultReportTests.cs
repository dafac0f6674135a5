using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

public sealed class FaultReportTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Second_run_adds_a_row_and_counts_in_the_sums()
    {
        File.Delete(_file);

        FaultReport.Add(_file, Result(7, orders: 9_000, kills: 3), "abc");
        FaultReport.Add(_file, Result(8, orders: 1_500, kills: 4), "abd");
        FaultReport.Add(_file, Result(8, orders: 500, kills: 2, RuntimeKind.Dapr), "abd");

        var lines = File.ReadAllLines(_file);
        Assert.Contains("| 7 | emulator | kafka | abc | Dapr 1 | 0123456789ab | 3 | 9,000 | 2 | 1 | 0 | 12 | 200 |", lines);
        Assert.Contains("| 8 | emulator | kafka | abd | Dapr 1 | 0123456789ab | 4 | 1,500 | 2 | 1 | 0 | 12 | 200 |", lines);
        Assert.Contains("| 8 | Dapr | kafka | abd | Dapr 1 | 0123456789ab | 2 | 500 | 2 | 1 | 0 | 12 | 200 |", lines);
        Assert.Contains("| **all** |  |  |  |  |  | **9** | **11,000** | **6** | **3** | **0** | **36** | **600** |", lines);
        Assert.Contains("| kind | 8 Dapr kafka | 7 kafka | 8 kafka | all |", lines);
        Assert.Contains("| requests delayed | 2 | 3 | 4 | 9 |", lines);
    }

    [Fact]
    public void Repeated_run_replaces_its_row()
    {
        File.Delete(_file);

        FaultReport.Add(_file, Result(7, orders: 9_000, kills: 3), "abc");
        FaultReport.Add(_file, Result(7, orders: 8_000, kills: 5), "abc");

        Assert.Single(File.ReadAllLines(_file), line => line.StartsWith("| 7 |", StringComparison.Ordinal));
        Assert.Contains("| requests delayed | 5 | 5 |", File.ReadAllLines(_file));
    }

    [Fact]
    public void Report_explains_where_a_kind_is_impossible()
    {
        File.Delete(_file);

        FaultReport.Add(_file, Result(7, orders: 9_000, kills: 3), "abc");

        var text = File.ReadAllText(_file);
        Assert.Contains("| SIGSTOP of a sidecar for 40 s | no (1) | yes | yes | yes |", text, StringComparison.Ordinal);
        Assert.Contains("1. The sidecars of the emulator are not processes", text, StringComparison.Ordinal);
    }

    private static FaultRunResult Result(int seed, int orders, int kills, RuntimeKind runtime = RuntimeKind.Emulator) => new()
    {
        Seed = seed,
        Runtime = runtime,
        Broker = "kafka",
        Versions = "Dapr 1",
        ScheduleHash = "0123456789abcdef",
        Faults =
        [
            .. Enumerable.Range(1, kills).Select(i => new InflictedFault(
                new ScheduledFault(i, NetworkFaults.Delay, new FaultParameters("order/1", TimeSpan.Zero), 0), 0, new InFlight(1, 1, 1), 0, 0, TimeSpan.Zero,
                new Recovery(TimeSpan.Zero, TimeSpan.Zero))),
        ],
        Orders = orders,
        Duplicates = new Dictionary<string, int> { ["order"] = 2 },
        LostEvents = 1,
        Violations = [],
        TimeToIdle = TimeSpan.FromSeconds(12.4),
        Duration = TimeSpan.FromSeconds(200),
    };
}
