using DaprOrders.DaprEmulator;
using DaprOrders.DaprEmulator.Control;

if (CommandLine.Parse(args) is not { } command)
{
    Console.Error.WriteLine(CommandLine.Usage);
    return 1;
}

return command.Verb == "run" ? await RunCommand.RunAsync(command) : await ControlClient.SendAsync(command);
