using System.CommandLine;
using DaprOrders.Cli;
using DaprOrders.Cli.Bench;
using DaprOrders.Cli.Contracts;
using DaprOrders.Cli.Doctor;
using DaprOrders.Cli.Faults;
using DaprOrders.Cli.Publishing;
using DaprOrders.Cli.Testing;
using DaprOrders.Cli.Up;
using DaprOrders.Stack;

// Without a command it runs `up`, so ./run.sh starts the system.
var root = UpCommand.Configure(new RootCommand());
root.Add(UpCommand.Configure(new Command("up")));
root.Add(DoctorCommand.Create());
root.Add(TestCommand.Create());
root.Add(BenchCommand.Create());
root.Add(FaultsCommand.Create());
root.Add(PublishCommand.Create());
root.Add(ContractsCommand.Create());

var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync($"error: {error.Message} --help lists the commands and options.");
    }

    return ExitCodes.Usage;
}

try
{
    // After Ctrl-C, a command has this time to end the processes that it started.
    return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
}
catch (StackException e)
{
    await Console.Error.WriteLineAsync($"error: {e.Message}");
    return ExitCodes.Failed;
}
catch (OperationCanceledException)
{
    return ExitCodes.Failed; // Ctrl-C
}
