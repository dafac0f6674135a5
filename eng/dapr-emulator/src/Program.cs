using DaprOrders.DaprEmulator;

// A run handles its signals itself.
return await CommandLine.Create().Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null });
