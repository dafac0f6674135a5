using System.Collections.Concurrent;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Runtime;

/// <summary>The state that all parts of one sidecar share.</summary>
internal sealed class SidecarState
{
    public const string RuntimeVersion = "1.18.3";

    /// <summary>Whether the app listens and its subscriptions have started.</summary>
    public volatile bool IsReady;

    public required AppSpec Spec { get; init; }

    public required AppResources Resources { get; init; }

    public required IReadOnlyDictionary<string, PubSub> PubSubs { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Gets the channel to the app, or null if the app has no port. In that case nothing is delivered.</summary>
    public AppChannel? App { get; init; }

    /// <summary>Gets the token that calls to the sidecar must have, or null.</summary>
    public string? ApiToken { get; init; }

    /// <summary>Gets a token that is canceled when the sidecar stops or is killed.</summary>
    public required CancellationToken Stopped { get; init; }

    public string AppId => Spec.AppId;

    public IReadOnlyList<SubscriptionSpec> Subscriptions { get; set; } = [];

    /// <summary>Gets the metadata that the app has set through the metadata API.</summary>
    public ConcurrentDictionary<string, string> Extended { get; } = new();
}
