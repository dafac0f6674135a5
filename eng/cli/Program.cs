using System.CommandLine;
using DaprOrders.Cli;
using DaprOrders.Cli.Up;
using DaprOrders.Stack;

var root = new RootCommand("Runs and tests DaprOrders.") { UpCommand.Create() };
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    await parsed.InvokeAsync();
    return ExitCodes.Usage;
}

try
{
    // Everything that was started is ended within this time.
    return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
}
catch (StackException e)
{
    await Console.Error.WriteLineAsync($"error: {e.Message}");
    return ExitCodes.Failed;
}
