using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Disturbs the requests between services and sidecars.</summary>
internal static class NetworkFaults
{
    public static readonly FaultKind DropResponses =
        Disturb("responses dropped after the request was processed", LinkFault.DropResponses, Draws.Instance(0.5, 1.5));

    public static readonly FaultKind Delay = Disturb("requests delayed", LinkFault.Delay, Draws.Instance(1, 2.5));

    public static readonly FaultKind Reset = Disturb("connections reset", LinkFault.Reset, Draws.Instance(0.5, 1.5));

    /// <summary>Delivers batches twice until each consumer has received a duplicate.</summary>
    public static readonly FaultKind DeliverTwice = DeliverDuplicates("batches delivered twice and shuffled", LinkFault.DeliverTwice);

    /// <summary>Delivers each batch to two instances of an app at the same time until each consumer has received a duplicate.</summary>
    public static readonly FaultKind DeliverToTwo = DeliverDuplicates("batches handled at two instances at once", LinkFault.DeliverToTwo);

    /// <summary>Loses accepted events until at least one is lost.</summary>
    public static readonly FaultKind LoseEvents = new()
    {
        Name = "1 % of accepted events lost by the broker",
        Draw = Draws.Everything(2, 4),
        InflictAsync = async (context, parameters) =>
        {
            var before = context.Proxy.Traffic.LostEvents;
            await DisturbAsync(
                context.Proxy.Links.Where(link => !link.IsToApp), LinkFault.Lose, parameters.Duration, () => context.Proxy.Traffic.LostEvents > before);
        },
    };

    public static FaultKind DelayOf(string appId) => Disturb($"requests of {appId} delayed", LinkFault.Delay, Draws.InstanceOf(appId, 1, 2));

    public static FaultKind ResetOf(string appId) => Disturb($"connections of {appId} reset", LinkFault.Reset, Draws.InstanceOf(appId, 0.5, 1.5));

    private static FaultKind DeliverDuplicates(string name, LinkFault fault) => new()
    {
        Name = name,
        Draw = Draws.Everything(1, 2),
        InflictAsync = async (context, parameters) =>
        {
            var duplicates = context.Proxy.Traffic.Duplicates;
            var before = Invariants.Consumers.ToDictionary(consumer => consumer, duplicates.GetValueOrDefault);
            await DisturbAsync(
                context.Proxy.Links.Where(link => link.IsToApp), fault, parameters.Duration,
                () => Invariants.Consumers.All(consumer => duplicates.GetValueOrDefault(consumer) > before[consumer]));
        },
    };

    /// <summary>Disturbs both directions between one instance and its sidecar.</summary>
    private static FaultKind Disturb(string name, LinkFault fault, Func<FaultTargets, Random, FaultParameters> draw) => new()
    {
        Name = name,
        Draw = draw,
        InflictAsync = (context, parameters) =>
            DisturbAsync(context.Proxy.Links.Where(link => $"{link.Instance}" == parameters.Target), fault, parameters.Duration),
    };

    private static async Task DisturbAsync(IEnumerable<Link> links, LinkFault fault, TimeSpan duration, Func<bool>? hasEffect = null)
    {
        var affected = links.ToList();
        affected.ForEach(link => link.Fault = fault);
        await Task.Delay(duration);
        if (hasEffect is not null)
        {
            await Wait.UntilAsync($"an effect of {fault} on {affected.Count} links", hasEffect);
        }

        affected.ForEach(link => link.Fault = LinkFault.None);
    }
}
