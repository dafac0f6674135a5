using System.Text.Json;
using System.Text.Json.Serialization;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Report;

/// <summary>All measurements of one run. Parts that did not run are null or empty.</summary>
internal sealed class Results
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public required DateTimeOffset At { get; init; }

    public required RuntimeKind Runtime { get; init; }

    public required string Broker { get; init; }

    /// <summary>Gets the machine, the commit, and the versions of the programs.</summary>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    /// <summary>Gets whether the services were published (ReadyToRun) or only built.</summary>
    public required bool IsPublished { get; init; }

    /// <summary>Gets whether other programs were allowed to use the machine.</summary>
    public bool IsBesideOtherLoad { get; init; }

    /// <summary>Gets the idempotency keys of the comparison.</summary>
    public KeyKind Keys { get; init; }

    /// <summary>Gets the systems that were not measured, with the reason.</summary>
    public List<string> NotMeasured { get; } = [];

    /// <summary>Gets the measurements that failed, with the reason.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Gets the full loads, by system and number of clients.</summary>
    public List<Summary> Comparison { get; } = [];

    /// <summary>Gets the constant rates, by system and rate.</summary>
    public List<Summary> Latency { get; } = [];

    public List<Summary> Batch { get; } = [];

    public List<Summary> Growth { get; } = [];

    public List<ReadTime> Reads { get; } = [];

    public List<Summary> Telemetry { get; } = [];

    public List<StartTime> Starts { get; } = [];

    /// <summary>Gets or sets the share of one core that the four idle services use together; 0.02 is 2 %.</summary>
    public double? Idle { get; set; }

    public IReadOnlyList<Target> Targets => Target.Of(this);

    public static Results New(BenchOptions options) => new()
    {
        At = DateTimeOffset.UtcNow,
        Runtime = options.Stack.Runtime,
        Broker = options.Stack.Broker,
        Versions = options.Versions.Values,
        IsPublished = options.Stack.Published is not null,
        IsBesideOtherLoad = options.IsBesideOtherLoad,
        Keys = options.Keys,
    };

    /// <summary>Returns the median of a full load; null if it was not measured.</summary>
    public Measurement? AtClients(SystemKind system, int clients) =>
        Comparison.Find(summary => summary.Median.System == system && summary.Median.Clients == clients)?.Median;

    /// <summary>Returns the median at a constant rate; null if it was not measured.</summary>
    public Measurement? AtRate(SystemKind system, string name) =>
        Latency.Find(summary => summary.Median.System == system && summary.Median.Name == name)?.Median;

    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "results.json"), JsonSerializer.Serialize(this, Json) + "\n");
        File.WriteAllText(Path.Combine(folder, "results.md"), MarkdownReport.Of(this));
        foreach (var (name, svg) in Charts.Of(this))
        {
            File.WriteAllText(Path.Combine(folder, $"{name}.svg"), svg);
        }
    }
}

/// <summary>The time from the start of the system to the first confirmed order.</summary>
internal sealed record StartTime(string What, double Seconds);

/// <summary>The time of a query, with this number of old rows.</summary>
internal sealed record ReadTime(string What, int Rows, Percentiles Time);
