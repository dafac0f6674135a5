using System.CommandLine;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench;

/// <summary>The command line of the benchmark.</summary>
internal static class CommandLine
{
    private static readonly Part[] QuickParts = [Part.Compare, Part.Latency];
    private static readonly SystemKind[] QuickSystems = [SystemKind.NoOp, SystemKind.Ours, SystemKind.SaveThenPublish];
    private static readonly double[] AllRates = [20, 50, 100, 400];

    /// <summary>Parses the command line. Prints the help if it is requested, or the errors.</summary>
    /// <returns>The options; or null and the exit status if nothing is to be measured.</returns>
    public static (BenchOptions? Options, int Status) Parse(string[] args)
    {
        var quick = new Option<bool>("--quick") { Description = "Compare no-op, ours and save-then-publish in one short round, at full load and at 100 orders/s, in at most 3 minutes." };
        var runtime = new Option<string>("--runtime")
        {
            Description = "auto: Dapr with a broker if both can run here, otherwise the emulator (default). dapr: Dapr. emulator: the Dapr emulator.",
        };
        runtime.AcceptOnlyFromAmong("auto", "dapr", "emulator");
        var bin = new Option<DirectoryInfo>("--bin") { Description = "The folder that ./run.sh publish wrote. Without it, the programs that were built." };
        bin.AcceptExistingOnly();
        var rows = Number("--rows", "The number of old rows that the growth part inserts into each table.", 1_000_000, 100_000_000);
        var rounds = Number("--rounds", "The number of rounds of each comparison.", 3, 100);
        var only = new Option<Part[]>("--only") { Description = "Run only these parts: compare, latency, batch, growth, telemetry, start.", AllowMultipleArgumentsPerToken = true };
        var systems = new Option<string[]>("--systems") { Description = "Compare only these systems. ours-plain has neither coalescing nor set-based SaveChanges.", AllowMultipleArgumentsPerToken = true };
        systems.AcceptOnlyFromAmong(SystemKinds.Names);
        var keys = new Option<KeyKind>("--keys") { Description = "The idempotency keys that the clients of the comparison send. none: the gateway creates them. random: UUIDs of version 4." };
        var output = new Option<DirectoryInfo>("--output")
        {
            Description = "The folder for results.md, results.json and the charts.",
            DefaultValueFactory = _ => new DirectoryInfo("artifacts/bench"),
        };
        output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<DirectoryInfo>() is { } folder && File.Exists(folder.FullName))
            {
                result.AddError($"--output is {folder}, which is a file; it must be a folder.");
            }
        });
        var besideOtherLoad = new Option<bool>("--beside-other-load") { Description = "Measure although other programs use the CPU. The figures are then worthless." };

        BenchOptions? options = null;
        var command = new RootCommand("Measures what an order costs, in our services, in services that do nothing, and in services written as in tutorials.")
        {
            quick, runtime, bin, rows, rounds, only, systems, keys, output, besideOtherLoad,
        };
        command.SetAction(parsed =>
        {
            var isQuick = parsed.GetValue(quick);
            var chosen = parsed.GetValue(runtime) ?? (Environment.GetEnvironmentVariable("STACK") is { Length: > 0 } stack ? stack : "auto");
            options = new BenchOptions
            {
                IsQuick = isQuick,
                ChoosesRuntime = chosen == "auto",
                Stack = SettingsOf(chosen == "auto" ? null : chosen, parsed.GetValue(bin)),
                Rounds = isQuick ? 1 : parsed.GetValue(rounds),
                WarmUp = TimeSpan.FromSeconds(isQuick ? 8 : 30),
                Load = TimeSpan.FromSeconds(isQuick ? 4 : 10),
                Steady = TimeSpan.FromSeconds(isQuick ? 6 : 20),
                Rates = isQuick ? [100] : AllRates,
                SharesOfMaximum = isQuick ? [] : [0.5, 0.75],
                Rows = parsed.GetValue(rows),
                Keys = parsed.GetValue(keys),
                Parts = parsed.GetValue(only) is { Length: > 0 } parts ? parts : isQuick ? QuickParts : Enum.GetValues<Part>(),
                Systems = parsed.GetValue(systems) is { Length: > 0 } names ? [.. names.Select(SystemKinds.Parse).Distinct()] : isQuick ? QuickSystems : Enum.GetValues<SystemKind>(),
                Output = parsed.GetValue(output)!.FullName,
                IsBesideOtherLoad = parsed.GetValue(besideOtherLoad),
            };
        });
        var status = command.Parse(args).Invoke();
        return (options, status);
    }

    private static Option<int> Number(string name, string description, int byDefault, int largest)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => byDefault };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && (value < 1 || value > largest))
            {
                result.AddError($"{name} must be a whole number from 1 to {largest}.");
            }
        });
        return option;
    }

    private static StackSettings SettingsOf(string? runtime, DirectoryInfo? bin)
    {
        var environment = new Dictionary<string, string?>
        {
            ["STACK"] = runtime,
            ["STACK_BIN"] = bin?.FullName ?? Environment.GetEnvironmentVariable("STACK_BIN"),
            ["BROKER"] = Environment.GetEnvironmentVariable("BROKER"),
        };
        return StackSettings.Read(environment.GetValueOrDefault);
    }
}
