using System.Collections.Concurrent;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Runtime;

/// <summary>What the parts of one sidecar share.</summary>
internal sealed class SidecarState
{
    public const string RuntimeVersion = "1.18.3";

    /// <summary>Gets or sets a value indicating whether the app listens and its subscriptions have started.</summary>
    public volatile bool IsReady;

    public required AppSpec Spec { get; init; }

    public required AppResources Resources { get; init; }

    public required IReadOnlyDictionary<string, PubSub> PubSubs { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Gets the channel to the app, or null: without an app port nothing is delivered.</summary>
    public AppChannel? App { get; init; }

    /// <summary>Gets the token that every call to the sidecar must carry, if any.</summary>
    public string? ApiToken { get; init; }

    /// <summary>Gets a token that is canceled when the sidecar is killed or has stopped.</summary>
    public required CancellationToken Gone { get; init; }

    public string AppId => Spec.AppId;

    public IReadOnlyList<SubscriptionSpec> Subscriptions { get; set; } = [];

    /// <summary>Gets the metadata that the app has set.</summary>
    public ConcurrentDictionary<string, string> Extended { get; } = new();
}
