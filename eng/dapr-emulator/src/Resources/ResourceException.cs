namespace DaprOrders.DaprEmulator.Resources;

/// <summary>The exception for a resource with which Dapr would not start or that is not emulated. In the first case the message is Dapr's error text.</summary>
internal sealed class ResourceException(string message) : Exception(message);
