namespace DaprOrders.DaprEmulator.Resources;

/// <summary>The resources and the configuration of one app.</summary>
internal sealed class AppResources
{
    public List<Component> Components { get; } = [];

    public ResiliencyPolicies Resiliency { get; } = new();

    public List<SubscriptionSpec> Subscriptions { get; } = [];

    /// <summary>Gets or sets a value indicating whether events carry the trace context; a sampling rate of 0 turns it off.</summary>
    public bool Tracing { get; set; } = true;

    /// <summary>Gets what Dapr would ignore silently or what the emulator does not do.</summary>
    public List<string> Warnings { get; } = [];
}
