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
        var command = new Command(
            "faults", "Injects hundreds of faults and writes docs/faults.md. Takes about 40 minutes.")
        {
            seeds,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(seeds)!, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string seeds, CancellationToken cancellationToken)
    {
        await Output.StepAsync(
            "Building the suite", "Built", () => DotnetBuild.RunAsync(Path.Combine(Repository.Root, "tests", "faults"), cancellationToken));
        var exitCode = await ProcessRunner.RunInForegroundAsync(
            ["dotnet", Repository.Built(Suite, $"{Suite}.dll"), "-noColor", "-class", "*FaultTests", "-explicit", "only"],
            new Dictionary<string, string> { ["FAULTS_SEEDS"] = seeds },
            cancellationToken);
        return exitCode == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    [GeneratedRegex("^[0-9]+(-[0-9]+)?$")]
    private static partial Regex Seeds();
}
