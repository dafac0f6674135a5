namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Creates functions that choose the target and the duration of a fault.</summary>
internal static class Draws
{
    public const string All = "all";

    public static Func<FaultTargets, Random, FaultParameters> InstanceOf(string appId, double fromSeconds, double toSeconds) =>
        (targets, random) => new(targets.AnyOf(appId, random), Seconds(random, fromSeconds, toSeconds));

    public static Func<FaultTargets, Random, FaultParameters> Instance(double fromSeconds, double toSeconds) =>
        (targets, random) => new(targets.Any(random), Seconds(random, fromSeconds, toSeconds));

    /// <summary>Chooses an instance of an app that has another instance.</summary>
    public static Func<FaultTargets, Random, FaultParameters> InstanceWithPeer(double seconds) =>
        (targets, random) => new(targets.AnyWithPeer(random), TimeSpan.FromSeconds(seconds));

    public static Func<FaultTargets, Random, FaultParameters> OneOf(IReadOnlyList<string> names, double fromSeconds, double toSeconds) =>
        (_, random) => new(FaultTargets.Choose(names, random), Seconds(random, fromSeconds, toSeconds));

    public static Func<FaultTargets, Random, FaultParameters> Everything(double fromSeconds, double toSeconds) =>
        (_, random) => new(All, Seconds(random, fromSeconds, toSeconds));

    /// <summary>Rounds to milliseconds, so that the text of a schedule contains the exact duration.</summary>
    private static TimeSpan Seconds(Random random, double from, double to) =>
        TimeSpan.FromMilliseconds(Math.Round(1000 * (from + ((to - from) * random.NextDouble()))));
}
