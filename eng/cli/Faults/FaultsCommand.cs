using System.CommandLine;
using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Faults;

/// <summary>The <c>faults</c> command. Runs the long fault run, which writes docs/faults.md.</summary>
internal static partial class FaultsCommand
{
    private const string Suite = "DaprOrders.Faults.Tests";

    public static Command Create()
    {
        var seeds = new Argument<string>("seeds") { Description = "A seed or a range of seeds, for example 7 or 13-20.", DefaultValueFactory = _ => "1-12" };
        seeds.Validators.Add(result =>
        {
            if (!Seeds().IsMatch(result.GetValueOrDefault<string>()))
            {
                result.AddError($"'{result.GetValueOrDefault<string>()}' is neither a seed nor a range of seeds like 1-12.");
            }
        });
        var runtime = new Option<string?>("--runtime") { Description = "The runtime: emulator or dapr. Default: the variable STACK, or emulator." };
        runtime.AcceptOnlyFromAmong("emulator", "dapr");
        var broker = new Option<string?>("--broker") { Description = "The broker: kafka, redis or rabbitmq. Default: the variable BROKER, or kafka." };
        broker.AcceptOnlyFromAmong("kafka", "redis", "rabbitmq");
        var command = new Command(
            "faults", "Injects hundreds of faults and writes docs/faults.md. Takes about 6 minutes for each seed.")
        {
            seeds,
            runtime,
            broker,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Dictionary<string, string?> { ["FAULTS_SEEDS"] = parsed.GetValue(seeds), ["STACK"] = parsed.GetValue(runtime), ["BROKER"] = parsed.GetValue(broker) },
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Dictionary<string, string?> variables, CancellationToken cancellationToken)
    {
        await Output.StepAsync(
            "Building the suite", "Built", () => DotnetBuild.RunAsync(Path.Combine(Repository.Root, "tests", "faults"), cancellationToken));
        var exitCode = await ProcessRunner.RunInForegroundAsync(
            ["dotnet", Repository.Built(Suite, $"{Suite}.dll"), "-noColor", "-class", "*.FaultTests", "-explicit", "only"],
            variables.Where(variable => variable.Value is not null).ToDictionary(variable => variable.Key, variable => variable.Value!),
            cancellationToken);
        return exitCode == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    [GeneratedRegex("^[0-9]+(-[0-9]+)?$")]
    private static partial Regex Seeds();
}
