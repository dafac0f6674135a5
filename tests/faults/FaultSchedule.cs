using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DaprOrders.Faults.Tests.Kinds;

namespace DaprOrders.Faults.Tests;

/// <summary>A fault of a schedule.</summary>
/// <param name="AtOrders">
/// The number of acknowledged orders at which the fault is inflicted. Orders that are acknowledged between a fault and the recovery from it do not
/// count, because their number depends on timing.
/// </param>
internal sealed record ScheduledFault(int Number, FaultKind Kind, FaultParameters Parameters, int AtOrders)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Number}. {Kind}, {Parameters.Target}, {Parameters.Duration.TotalSeconds:0.000} s, at {AtOrders} orders");
}

/// <summary>Contains the faults of a run. It is created before the run and depends only on the plan, so a seed can be repeated.</summary>
internal sealed record FaultSchedule(IReadOnlyList<ScheduledFault> Faults)
{
    /// <summary>Gets a SHA-256 of the schedule. Runs with the same hash inflict the same faults.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ToString())));

    public static FaultSchedule Create(FaultPlan plan)
    {
        var random = new RandomSources(plan.Seed).For("faults");
        var first = plan.Kinds.ToArray();
        if (plan.IsShuffled)
        {
            random.Shuffle(first);
        }

        var repeated = plan.Kinds.Where(kind => !kind.IsLong).ToList();
        var kinds = first.Concat(Enumerable.Range(0, Math.Max(0, plan.Faults - first.Length)).Select(_ => repeated[random.Next(repeated.Count)])).Take(plan.Faults);
        var faults = new List<ScheduledFault>();
        var orders = 0.0;
        foreach (var kind in kinds.ToList())
        {
            orders += plan.Load.OrdersPerSecond * plan.Pause.TotalSeconds * (0.5 + random.NextDouble());
            faults.Add(new ScheduledFault(faults.Count + 1, kind, kind.Draw(plan.Targets, random), (int)orders));
        }

        return new FaultSchedule(faults);
    }

    public override string ToString() => string.Join('\n', Faults);
}
