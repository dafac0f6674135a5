using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Disturbs what passes between services, sidecars and the broker.</summary>
internal static class NetworkFaults
{
    public static readonly FaultKind DropAnswers = Misbehave("answers dropped after the request was carried out", Misbehaviour.DropAnswers, 0.5, 1.5);

    public static readonly FaultKind Delay = Misbehave("requests delayed", Misbehaviour.Delay, 1, 2.5);

    public static readonly FaultKind Reset = Misbehave("connections reset", Misbehaviour.Reset, 0.5, 1.5);

    /// <summary>Lasts until each consumer has absorbed a duplicate.</summary>
    public static readonly FaultKind DeliverTwice = new("batches delivered twice and shuffled", async context =>
    {
        var duplicates = context.Proxy.Seen.Duplicates;
        var before = Invariants.Consumers.ToDictionary(consumer => consumer, duplicates.GetValueOrDefault);
        await WhileAsync(
            context, context.Proxy.Links.Where(link => link.IsToApp), Misbehaviour.DeliverTwice, 1, 2,
            () => Invariants.Consumers.All(consumer => duplicates.GetValueOrDefault(consumer) > before[consumer]));
    });

    /// <summary>Lasts until an event is lost.</summary>
    public static readonly FaultKind BrokerLoses = new("1 % of accepted publishes lost by the broker", async context =>
    {
        var before = context.Proxy.Seen.LostEvents;
        await WhileAsync(
            context, context.Proxy.Links.Where(link => !link.IsToApp), Misbehaviour.Lose, 2, 4, () => context.Proxy.Seen.LostEvents > before);
    });

    public static FaultKind DelayOf(string appId) => Misbehave($"requests of {appId} delayed", Misbehaviour.Delay, 1, 2, appId);

    public static FaultKind ResetOf(string appId) => Misbehave($"connections of {appId} reset", Misbehaviour.Reset, 0.5, 1.5, appId);

    /// <summary>Affects both directions of one app instance.</summary>
    private static FaultKind Misbehave(string name, Misbehaviour how, double fromSeconds, double toSeconds, string? appId = null) => new(name, async context =>
    {
        var instance = appId is null ? context.Any() : context.AnyOf(appId);
        await WhileAsync(context, context.Proxy.Links.Where(link => link.Instance == instance), how, fromSeconds, toSeconds);
    });

    private static async Task WhileAsync(
        FaultContext context, IEnumerable<Link> links, Misbehaviour how, double fromSeconds, double toSeconds, Func<bool>? hasEffect = null)
    {
        var affected = links.ToList();
        affected.ForEach(link => link.Misbehaviour = how);
        await context.PauseAsync(fromSeconds, toSeconds);
        if (hasEffect is not null)
        {
            await Wait.UntilAsync($"an effect of {how} on {affected.Count} links", hasEffect);
        }

        affected.ForEach(link => link.Misbehaviour = Misbehaviour.None);
    }
}
