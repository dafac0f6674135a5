using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
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

    public required string Machine { get; init; }

    /// <summary>Gets whether the services were published (ReadyToRun) or only built.</summary>
    public required bool IsPublished { get; init; }

    /// <summary>Gets the medians over the rounds, by system and number of clients.</summary>
    public List<Measurement> Comparison { get; } = [];

    public List<Steady> Steady { get; } = [];

    public List<Measurement> Batch { get; } = [];

    public List<Measurement> Growth { get; } = [];

    public List<Measurement> Telemetry { get; } = [];

    public List<StartTime> Starts { get; } = [];

    /// <summary>Gets or sets the share of one core that the four idle services use together; 0.02 is 2 %.</summary>
    public double? Idle { get; set; }

    public IReadOnlyList<Target> Targets => Target.Of(this);

    public static Results New(BenchOptions options) => new()
    {
        At = DateTimeOffset.UtcNow,
        Runtime = options.Stack.Runtime,
        Broker = options.Stack.Broker,
        Machine = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, .NET {Environment.Version}"),
        IsPublished = options.Stack.Published is not null,
    };

    public Measurement? Of(SystemKind system, int clients) =>
        Comparison.SingleOrDefault(measured => measured.System == system && measured.Clients == clients);

    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "results.json"), JsonSerializer.Serialize(this, Json) + "\n");
        File.WriteAllText(Path.Combine(folder, "results.md"), MarkdownReport.Of(this));
        if (Comparison.Count > 0)
        {
            File.WriteAllText(Path.Combine(folder, "cpu.svg"), CpuChart.Of(this));
        }
    }
}

/// <summary>The time from the start of the system to the first confirmed order.</summary>
internal sealed record StartTime(string What, double Seconds);
