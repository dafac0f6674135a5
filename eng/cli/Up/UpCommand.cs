using System.CommandLine;
using System.CommandLine.Parsing;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Up;

/// <summary>The <c>up</c> command. Starts the whole system.</summary>
internal static class UpCommand
{
    /// <summary>Adds the options and the action of <c>up</c> to a command.</summary>
    public static Command Configure(Command command)
    {
        var reset = new Option<bool>("--reset") { Description = "Delete the databases and the emulator's events before starting." };
        var yes = new Option<bool>("--yes") { Description = "With --reset: also delete the databases if PostgreSQL was already running." };
        var dashboard = new Option<bool>("--dashboard") { Description = "Also start the Aspire dashboard, which shows traces, metrics and logs." };
        var sidecarsOnly = new Option<string[]>("--sidecars-only")
        {
            Description = "Start only the sidecars of these services, by default of all four. Start the services from an IDE.",
            HelpName = "service",
            Arity = ArgumentArity.ZeroOrMore,
            AllowMultipleArgumentsPerToken = true,
        };
        sidecarsOnly.AcceptOnlyFromAmong([.. Repository.Projects.Keys]);
        command.Description = $"{command.Description} Starts the whole system. Ctrl-C stops it and keeps the data.".Trim();
        command.Add(reset);
        command.Add(yes);
        command.Add(sidecarsOnly);
        command.Add(dashboard);
        command.Validators.Add(result =>
        {
            if (result.GetValue(yes) && !result.GetValue(reset))
            {
                result.AddError("--yes requires --reset.");
            }
        });
        command.SetAction((parsed, cancellationToken) => new LocalRun(
            new UpOptions(parsed.GetValue(reset), parsed.GetValue(yes), SidecarsOnly(parsed.GetResult(sidecarsOnly)), parsed.GetValue(dashboard))).RunAsync(cancellationToken));
        return command;
    }

    private static string[] SidecarsOnly(OptionResult? option) => option?.GetValueOrDefault<string[]>() switch
    {
        null => [],
        [] => [.. Repository.Projects.Keys],
        var services => services,
    };
}

/// <summary>The options of <c>up</c>.</summary>
internal sealed record UpOptions(bool IsReset, bool IsYes, IReadOnlyCollection<string> SidecarsOnly, bool HasDashboard);
