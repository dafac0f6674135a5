namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>The exception for an error that prevents the start, for example in the run file or in a resource. The message is one line for the user.</summary>
internal sealed class RunFileException(string message) : Exception(message);
