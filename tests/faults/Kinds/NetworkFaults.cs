using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Disturbs the requests between services and sidecars.</summary>
internal static class NetworkFaults
{
    public static readonly FaultKind DropResponses = DisturbInstance("responses dropped after the request was processed", LinkFault.DropResponses, 0.5, 1.5);

    public static readonly FaultKind Delay = DisturbInstance("requests delayed", LinkFault.Delay, 1, 2.5);

    public static readonly FaultKind Reset = DisturbInstance("connections reset", LinkFault.Reset, 0.5, 1.5);

    /// <summary>Delivers batches twice until each consumer has received a duplicate.</summary>
    public static readonly FaultKind DeliverTwice = new("batches delivered twice and shuffled", async context =>
    {
        var duplicates = context.Proxy.Traffic.Duplicates;
        var before = Invariants.Consumers.ToDictionary(consumer => consumer, duplicates.GetValueOrDefault);
        await DisturbAsync(
            context, context.Proxy.Links.Where(link => link.IsToApp), LinkFault.DeliverTwice, 1, 2,
            () => Invariants.Consumers.All(consumer => duplicates.GetValueOrDefault(consumer) > before[consumer]));
    });

    /// <summary>Loses accepted events until at least one is lost.</summary>
    public static readonly FaultKind LoseEvents = new("1 % of accepted events lost by the broker", async context =>
    {
        var before = context.Proxy.Traffic.LostEvents;
        await DisturbAsync(
            context, context.Proxy.Links.Where(link => !link.IsToApp), LinkFault.Lose, 2, 4, () => context.Proxy.Traffic.LostEvents > before);
    });

    public static FaultKind DelayOf(string appId) => DisturbInstance($"requests of {appId} delayed", LinkFault.Delay, 1, 2, appId);

    public static FaultKind ResetOf(string appId) => DisturbInstance($"connections of {appId} reset", LinkFault.Reset, 0.5, 1.5, appId);

    /// <summary>Disturbs both directions between one instance and its sidecar.</summary>
    private static FaultKind DisturbInstance(string name, LinkFault fault, double fromSeconds, double toSeconds, string? appId = null) => new(name, async context =>
    {
        var instance = appId is null ? context.Any() : context.AnyOf(appId);
        await DisturbAsync(context, context.Proxy.Links.Where(link => link.Instance == instance), fault, fromSeconds, toSeconds);
    });

    private static async Task DisturbAsync(
        FaultContext context, IEnumerable<Link> links, LinkFault fault, double fromSeconds, double toSeconds, Func<bool>? hasEffect = null)
    {
        var affected = links.ToList();
        affected.ForEach(link => link.Fault = fault);
        await context.PauseAsync(fromSeconds, toSeconds);
        if (hasEffect is not null)
        {
            await Wait.UntilAsync($"an effect of {fault} on {affected.Count} links", hasEffect);
        }

        affected.ForEach(link => link.Fault = LinkFault.None);
    }
}
