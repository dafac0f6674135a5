namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A resource with which Dapr would not start, with the text of its fatal error, or one that is not emulated.</summary>
internal sealed class ResourceException(string message) : Exception(message);
