namespace DaprOrders.DaprEmulator.Resources;

/// <summary>The resources and the configuration that apply to one app.</summary>
internal sealed class AppResources
{
    public List<Component> Components { get; } = [];

    public List<LocalSecretStore> SecretStores { get; } = [];

    public ResiliencyPolicies Resiliency { get; } = new();

    public List<SubscriptionSpec> Subscriptions { get; } = [];

    /// <summary>Gets or sets a value indicating whether events have a trace context. A sampling rate of 0 turns it off.</summary>
    public bool Tracing { get; set; } = true;

    /// <summary>Gets warnings about settings that Dapr ignores silently or that are not emulated.</summary>
    public List<string> Warnings { get; } = [];
}
