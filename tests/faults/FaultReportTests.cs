namespace DaprOrders.Faults.Tests;

public sealed class FaultReportTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Second_seed_adds_a_row_and_counts_in_the_sums()
    {
        File.Delete(_file);

        FaultReport.Add(_file, Result(7, orders: 9_000, kills: 3));
        FaultReport.Add(_file, Result(8, orders: 1_500, kills: 4));

        var lines = File.ReadAllLines(_file);
        Assert.Contains("| 7 | 3 | 9,000 | 2 | 1 | 0 | 12 | 200 |", lines);
        Assert.Contains("| 8 | 4 | 1,500 | 2 | 1 | 0 | 12 | 200 |", lines);
        Assert.Contains("| **all** | **7** | **10,500** | **4** | **2** | **0** | **24** | **400** |", lines);
        Assert.Contains("| kill | 3 | 4 | 7 |", lines);
    }

    [Fact]
    public void Repeated_seed_replaces_its_row()
    {
        File.Delete(_file);

        FaultReport.Add(_file, Result(7, orders: 9_000, kills: 3));
        FaultReport.Add(_file, Result(7, orders: 8_000, kills: 5));

        Assert.Single(File.ReadAllLines(_file), line => line.StartsWith("| 7 |", StringComparison.Ordinal));
        Assert.Contains("| kill | 5 | 5 |", File.ReadAllLines(_file));
    }

    private static FaultRunResult Result(int seed, int orders, int kills) => new()
    {
        Seed = seed,
        FaultsByKind = new Dictionary<string, int> { ["kill"] = kills },
        HitsByKind = new Dictionary<string, int>(),
        Orders = orders,
        Duplicates = new Dictionary<string, int> { ["order"] = 2 },
        LostEvents = 1,
        Violations = [],
        TimeToIdle = TimeSpan.FromSeconds(12.4),
        Duration = TimeSpan.FromSeconds(200),
    };
}
