using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator;

/// <summary>What the user typed.</summary>
/// <param name="App">The app id that a control command is about, with <c>/n</c> for the n-th instance.</param>
internal sealed record CommandLine(string Verb, string? App, bool Sidecar, string RunFile, string DataFolder, RunOptions Options)
{
    public const string Usage = """
        dapr-emulator run   [-f <run file>] [--data <folder>]            starts the apps of a Dapr run file, each with a sidecar
                          [--watch] [--sidecars-only]                  restarts apps that were built anew; starts no apps at all
                          [--log-size <MiB>]                           shortens the log over this size (1024; 0: never)
        dapr-emulator list  [-f <run file> | --data <folder>]            shows what runs
        dapr-emulator kill  <app-id>[/n] [--sidecar] [-f … | --data …]   kills an app, or its sidecar, as a crash would
        dapr-emulator start <app-id>[/n] [-f … | --data …]               starts what of it does not run
        dapr-emulator stop  [<app-id>[/n]] [-f … | --data …]             ends one app and its sidecar, or the whole run

        The run file is ./dapr.yaml and the data folder .run/ beside it, unless given.
        """;

    private static readonly string[] Verbs = ["run", "list", "kill", "start", "stop"];

    /// <returns>Null when it is not understood.</returns>
    public static CommandLine? Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 || !Verbs.Contains(arguments[0]))
        {
            return null;
        }

        string? app = null, runFile = null, data = null;
        bool sidecar = false, watch = false, sidecarsOnly = false;
        var megabytes = 1024;
        for (var i = 1; i < arguments.Count; i++)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "-f" or "--run-file" when value is not null:
                    runFile = value;
                    i++;
                    break;
                case "--data" when value is not null:
                    data = value;
                    i++;
                    break;
                case "--sidecar":
                    sidecar = true;
                    break;
                case "--log-size" when arguments[0] == "run" && int.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out megabytes):
                    i++;
                    break;
                case "--watch" when arguments[0] == "run":
                    watch = true;
                    break;
                case "--sidecars-only" when arguments[0] == "run":
                    sidecarsOnly = true;
                    break;
                case var name when app is null && !name.StartsWith('-'):
                    app = name;
                    break;
                default:
                    return null;
            }
        }

        if (arguments[0] is "kill" or "start" && app is null || (arguments[0] is "run" or "list" && app is not null))
        {
            return null;
        }

        var file = RunFileReader.Locate(runFile ?? ".");
        data ??= Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, ".run");
        return new CommandLine(arguments[0], app, sidecar, file, data, new RunOptions(watch, sidecarsOnly, megabytes));
    }
}

/// <param name="Watch">Apps are started anew when their build output changes.</param>
/// <param name="SidecarsOnly">Apps are started by somebody else, for example by a debugger.</param>
/// <param name="LogMegabytes">The size over which the log is shortened, in MiB; 0: never.</param>
internal sealed record RunOptions(bool Watch, bool SidecarsOnly, int LogMegabytes = 1024);
