namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>The run file, or a file that it names, prevents the start. The message is the one line for the user.</summary>
internal sealed class RunFileException(string message) : Exception(message);
