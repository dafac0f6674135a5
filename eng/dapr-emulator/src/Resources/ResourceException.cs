namespace DaprOrders.DaprEmulator.Resources;

/// <summary>The exception for a resource that is not emulated, or with which Dapr would not start. In the second case, the message is Dapr's error text.</summary>
internal sealed class ResourceException(string message) : Exception(message);
