using System.CommandLine;
using DaprOrders.DaprEmulator.Control;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator;

/// <summary>Defines the command line: <c>run</c>, and the commands that control a run.</summary>
internal static class CommandLine
{
    private static readonly Option<string> RunFile = new("--run-file", "-f")
    {
        Description = "The run file, or a folder that contains dapr.yaml.",
        DefaultValueFactory = _ => ".",
        Recursive = true,
    };

    private static readonly Option<string> Data = new("--data")
    {
        Description = "The folder for events and the state of the run. Default: .run/ next to the run file.",
        Recursive = true,
    };

    private static readonly Argument<string> App = new("app-id") { Description = "The app id. Use app-id/n for the n-th instance." };

    public static RootCommand Create() => new("Emulates Dapr for the apps of a run file. Use it where Dapr is not installed.")
    {
        RunFile,
        Data,
        Run(),
        Control("list", "Shows the ports, process id and state of every app."),
        Kill(),
        Broker(),
        Control("start", "Starts an app and its sidecar if they are not running.", App),
        Control("stop", "Stops an app and its sidecar, or the whole run.", new Argument<string>("app-id")
        {
            Description = App.Description,
            Arity = ArgumentArity.ZeroOrOne,
        }),
    };

    private static Command Run()
    {
        var sidecarsOnly = new Option<bool>("--sidecars-only") { Description = "Starts only the sidecars. Start the apps yourself, for example in a debugger." };
        var command = new Command("run", "Starts the apps of the run file, each with a sidecar, and runs until Ctrl-C.") { sidecarsOnly };
        command.SetAction(parsed => RunCommand.RunAsync(FileOf(parsed), DataOf(parsed), parsed.GetValue(sidecarsOnly)));
        return command;
    }

    private static Command Kill()
    {
        var sidecar = new Option<bool>("--sidecar") { Description = "Kills the sidecar instead of the app." };
        var command = new Command("kill", "Kills all processes of an app, or its sidecar, to simulate a crash.") { App, sidecar };
        command.SetAction(parsed => ControlClient.SendAsync(
            DataOf(parsed), parsed.GetValue(sidecar) ? ["kill", parsed.GetValue(App)!, "--sidecar"] : ["kill", parsed.GetValue(App)!]));
        return command;
    }

    private static Command Broker() => new("broker", "Makes the broker unreachable for the sidecars of one app or of all, to simulate an outage.")
    {
        Broker("suspend", "Makes publishing fail and delivers nothing."),
        Broker("resume", "Makes the broker reachable again."),
    };

    private static Command Broker(string name, string description)
    {
        var app = new Argument<string>("app-id") { Description = "The app id. Default: all apps.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command(name, description) { app };
        command.SetAction(parsed => ControlClient.SendAsync(
            DataOf(parsed), parsed.GetValue(app) is { } appId ? ["broker", name, appId] : ["broker", name]));
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
