using System.CommandLine;
using DaprOrders.DaprEmulator.Control;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator;

/// <summary>The command line: <c>run</c>, and the commands that control a run.</summary>
internal static class CommandLine
{
    private static readonly Option<string> RunFile = new("--run-file", "-f")
    {
        Description = "The run file, or the folder of its dapr.yaml.",
        DefaultValueFactory = _ => ".",
        Recursive = true,
    };

    private static readonly Option<string> Data = new("--data")
    {
        Description = "The folder for the events and for what the control commands need. Default: .run/ next to the run file.",
        Recursive = true,
    };

    private static readonly Argument<string> App = new("app-id") { Description = "The app id; app-id/n is its n-th instance." };

    public static RootCommand Create() => new("Emulates Dapr for the apps of a run file, where Dapr is not installed.")
    {
        RunFile,
        Data,
        Run(),
        Control("list", "Shows ports, process ids and states."),
        Kill(),
        Control("start", "Starts the app and its sidecar, whichever is not running.", App),
        Control("stop", "Ends one app and its sidecar, or the whole run.", new Argument<string>("app-id")
        {
            Description = App.Description,
            Arity = ArgumentArity.ZeroOrOne,
        }),
    };

    private static Command Run()
    {
        var sidecarsOnly = new Option<bool>("--sidecars-only") { Description = "Starts no app, for apps that a debugger starts." };
        var command = new Command("run", "Starts the apps of the run file, each with a sidecar, until Ctrl-C.") { sidecarsOnly };
        command.SetAction(parsed => RunCommand.RunAsync(FileOf(parsed), DataOf(parsed), parsed.GetValue(sidecarsOnly)));
        return command;
    }

    private static Command Kill()
    {
        var sidecar = new Option<bool>("--sidecar") { Description = "Kills the sidecar instead." };
        var command = new Command("kill", "Kills an app with all its processes, or its sidecar, as a crash would.") { App, sidecar };
        command.SetAction(parsed => ControlClient.SendAsync(
            DataOf(parsed), parsed.GetValue(sidecar) ? ["kill", parsed.GetValue(App)!, "--sidecar"] : ["kill", parsed.GetValue(App)!]));
        return command;
    }

    private static Command Control(string name, string description, Argument<string>? app = null)
    {
        var command = new Command(name, description);
        if (app is not null)
        {
            command.Add(app);
        }

        command.SetAction(parsed => ControlClient.SendAsync(
            DataOf(parsed), app is not null && parsed.GetValue(app) is { } appId ? [name, appId] : [name]));
        return command;
    }

    private static string FileOf(ParseResult parsed) => RunFileReader.Locate(parsed.GetValue(RunFile)!);

    private static string DataOf(ParseResult parsed) =>
        parsed.GetValue(Data) ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(FileOf(parsed)))!, ".run");
}
