namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A resource with which the runtime would not start; the message is what the runtime writes as its fatal error.</summary>
internal sealed class ResourceException(string message) : Exception(message);
