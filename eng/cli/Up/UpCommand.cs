using System.CommandLine;

namespace DaprOrders.Cli.Up;

/// <summary><c>up</c>: starts the whole system.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var reset = new Option<bool>("--reset") { Description = "Empty the databases, and the events of the emulator, before starting." };
        var yes = new Option<bool>("--yes") { Description = "With --reset: also in a PostgreSQL that was already running." };
        var sidecarsOnly = new Option<bool>("--sidecars-only") { Description = "Start the database and the sidecars; the services are started from an IDE." };
        var command = new Command("up", "Starts PostgreSQL, the four services and their sidecars. Ctrl-C stops everything and keeps the data.")
        {
            reset, yes, sidecarsOnly,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(yes) && !result.GetValue(reset))
            {
                result.AddError("--yes goes with --reset.");
            }
        });
        command.SetAction((parsed, cancellationToken) => new LocalRun(
            new UpOptions(parsed.GetValue(reset), parsed.GetValue(yes), parsed.GetValue(sidecarsOnly))).RunAsync(cancellationToken));
        return command;
    }
}

/// <summary>The options of <c>up</c>.</summary>
internal sealed record UpOptions(bool IsReset, bool IsYes, bool IsSidecarsOnly);
