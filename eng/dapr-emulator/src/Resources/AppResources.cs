namespace DaprOrders.DaprEmulator.Resources;

/// <summary>Everything that the resource folders and the Configuration file say to one app.</summary>
internal sealed class AppResources
{
    public List<Component> Components { get; } = [];

    public ResiliencyPolicies Resiliency { get; } = new();

    public List<SubscriptionSpec> Subscriptions { get; } = [];

    /// <summary>Gets or sets a value indicating whether trace context is put into events; a sampling rate of 0 turns it off.</summary>
    public bool Tracing { get; set; } = true;

    /// <summary>Gets what the runtime would pass over in silence, or do, and the development sidecar says aloud.</summary>
    public List<string> Warnings { get; } = [];
}
