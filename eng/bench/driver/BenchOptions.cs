using System.CommandLine;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench;

/// <summary>A part of the whole run, which can be asked for alone.</summary>
internal enum Part
{
    /// <summary>All systems in turns, at 128 and 32 clients, with latency at 100 orders/s.</summary>
    Compare,

    /// <summary>Orders taken one by one against orders taken in batches.</summary>
    Batch,

    /// <summary>Few and many items, old rows, two instances.</summary>
    Growth,

    /// <summary>From the start to the first confirmed order, and what the idle system costs.</summary>
    Start,
}

/// <summary>What is measured, for how long, and on what.</summary>
internal sealed record BenchOptions
{
    public bool IsQuick { get; init; }

    public required StackSettings Stack { get; init; }

    public required IReadOnlyList<Part> Parts { get; init; }

    /// <summary>Gets what the comparison compares.</summary>
    public required IReadOnlyList<SystemKind> Systems { get; init; }

    /// <summary>Gets how many old orders, reservations and notifications the growth part puts there.</summary>
    public int Rows { get; init; }

    /// <summary>Gets the folder for results.md, results.json and cpu.svg.</summary>
    public required string Output { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Gets how long a system is used before anything counts: code that runs much is compiled once more, which takes its time on few cores.</summary>
    public required TimeSpan WarmUp { get; init; }

    public required TimeSpan Load { get; init; }

    public required TimeSpan Steady { get; init; }

    /// <summary>Reads the command line, or prints what is wrong with it, or the help.</summary>
    /// <returns>The options, or null with the exit status where there is nothing to measure.</returns>
    public static (BenchOptions? Options, int Status) Parse(string[] args)
    {
        var quick = new Option<bool>("--quick") { Description = "One short round of the comparison and the batch intake, in at most 3 minutes." };
        var runtime = new Option<string>("--runtime") { Description = "emulator: the Dapr emulator (default); dapr: the Dapr CLI, with the broker running." };
        runtime.AcceptOnlyFromAmong("emulator", "dapr");
        var bin = new Option<DirectoryInfo>("--bin") { Description = "The folder that ./run.sh publish wrote; without it, what was built." };
        bin.AcceptExistingOnly();
        var rows = new Option<int>("--rows") { Description = "How many old rows the growth part puts into each table.", DefaultValueFactory = _ => 1_000_000 };
        rows.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 100_000_000)
            {
                result.AddError("--rows must be a whole number from 1 to 100000000.");
            }
        });
        var only = new Option<Part[]>("--only") { Description = "Only these parts: compare, batch, growth, start.", AllowMultipleArgumentsPerToken = true };
        var systems = new Option<string[]>("--systems") { Description = "Compares these systems only.", AllowMultipleArgumentsPerToken = true };
        systems.AcceptOnlyFromAmong(SystemNames.All);
        var output = new Option<DirectoryInfo>("--output")
        {
            Description = "Where results.md, results.json and cpu.svg are written.",
            DefaultValueFactory = _ => new DirectoryInfo("artifacts/bench"),
        };

        BenchOptions? options = null;
        var command = new RootCommand("Measures what an order costs: our services against services that do nothing, and against what tutorials show.")
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
                Systems = parsed.GetValue(systems) is { Length: > 0 } some ? [.. some.Select(SystemNames.Parse)] : Enum.GetValues<SystemKind>(),
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
