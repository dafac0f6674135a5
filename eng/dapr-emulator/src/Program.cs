using DaprOrders.DaprEmulator;

// RunCommand handles signals. By default, System.CommandLine would end the process before the apps have stopped.
return await CommandLine.Create().Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null });
