using System.CommandLine;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench;

/// <summary>A part of the benchmark. Each part can be run alone.</summary>
internal enum Part
{
    /// <summary>Compares all systems at 128 and 32 clients, their latency at 100 orders/s, and the CPU time of the idle system.</summary>
    Compare,

    /// <summary>Compares orders that are placed one by one with orders that are placed in batches.</summary>
    Batch,

    /// <summary>Measures few and many items, old rows, and two instances.</summary>
    Growth,

    /// <summary>Measures what telemetry costs: none, a tenth of the traces, and all traces.</summary>
    Telemetry,

    /// <summary>Measures the time from the start to the first confirmed order.</summary>
    Start,
}

/// <summary>The options of the benchmark.</summary>
internal sealed record BenchOptions
{
    public bool IsQuick { get; init; }

    public required StackSettings Stack { get; init; }

    public required IReadOnlyList<Part> Parts { get; init; }

    /// <summary>Gets the systems that the comparison measures.</summary>
    public required IReadOnlyList<SystemKind> Systems { get; init; }

    /// <summary>Gets the number of old orders, reservations and notifications that the growth part inserts.</summary>
    public int Rows { get; init; }

    /// <summary>Gets the folder for results.md, results.json and cpu.svg.</summary>
    public required string Output { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Gets how long a system is loaded before the measurement, because .NET recompiles frequently used code first.</summary>
    public required TimeSpan WarmUp { get; init; }

    public required TimeSpan Load { get; init; }

    public required TimeSpan Steady { get; init; }

    /// <summary>Parses the command line. Prints the help if it is requested, or the errors.</summary>
    /// <returns>The options; or null and the exit status if nothing is to be measured.</returns>
    public static (BenchOptions? Options, int Status) Parse(string[] args)
    {
        var quick = new Option<bool>("--quick") { Description = "Run one short round of the parts compare and batch, in at most 3 minutes." };
        var runtime = new Option<string>("--runtime") { Description = "The runtime. emulator: the Dapr emulator (default); dapr: the Dapr CLI, which needs a running broker." };
        runtime.AcceptOnlyFromAmong("emulator", "dapr");
        var bin = new Option<DirectoryInfo>("--bin") { Description = "The folder that ./run.sh publish wrote. Without it, the programs that were built." };
        bin.AcceptExistingOnly();
        var rows = new Option<int>("--rows") { Description = "The number of old rows that the growth part inserts into each table.", DefaultValueFactory = _ => 1_000_000 };
        rows.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 100_000_000)
            {
                result.AddError("--rows must be a whole number from 1 to 100000000.");
            }
        });
        var only = new Option<Part[]>("--only") { Description = "Run only these parts: compare, batch, growth, telemetry, start.", AllowMultipleArgumentsPerToken = true };
        var systems = new Option<string[]>("--systems") { Description = "Compare only these systems.", AllowMultipleArgumentsPerToken = true };
        systems.AcceptOnlyFromAmong(SystemNames.All);
        var output = new Option<DirectoryInfo>("--output")
        {
            Description = "The folder for results.md, results.json and cpu.svg.",
            DefaultValueFactory = _ => new DirectoryInfo("artifacts/bench"),
        };

        BenchOptions? options = null;
        var command = new RootCommand("Measures what an order costs, in our services, in services that do nothing, and in services written as in tutorials.")
        {
            quick, runtime, bin, rows, only, systems, output,
        };
        command.SetAction(parsed =>
        {
            var isQuick = parsed.GetValue(quick);
            options = new BenchOptions
            {
                IsQuick = isQuick,
                Rounds = isQuick ? 1 : 3,
                WarmUp = TimeSpan.FromSeconds(isQuick ? 18 : 30),
                Load = TimeSpan.FromSeconds(isQuick ? 6 : 10),
                Steady = TimeSpan.FromSeconds(isQuick ? 6 : 20),
                Stack = SettingsOf(parsed.GetValue(runtime), parsed.GetValue(bin)),
                Rows = parsed.GetValue(rows),
                Parts = parsed.GetValue(only) is { Length: > 0 } parts ? parts : isQuick ? [Part.Compare, Part.Batch] : Enum.GetValues<Part>(),
                Systems = parsed.GetValue(systems) is { Length: > 0 } names ? [.. names.Select(SystemNames.Parse)] : Enum.GetValues<SystemKind>(),
                Output = parsed.GetValue(output)!.FullName,
            };
        });
        var status = command.Parse(args).Invoke();
        return (options, status);
    }

    private static StackSettings SettingsOf(string? runtime, DirectoryInfo? bin)
    {
        var environment = new Dictionary<string, string?>
        {
            ["STACK"] = runtime ?? Environment.GetEnvironmentVariable("STACK"),
            ["STACK_BIN"] = bin?.FullName ?? Environment.GetEnvironmentVariable("STACK_BIN"),
            ["BROKER"] = Environment.GetEnvironmentVariable("BROKER"),
        };
        return StackSettings.Read(environment.GetValueOrDefault);
    }
}
