namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>Something in the run file, or in what it names, makes a start impossible; the message is the one line for the user.</summary>
internal sealed class RunFileException(string message) : Exception(message);
