using DaprOrders.Faults.Tests.Kinds;

namespace DaprOrders.Faults.Tests;

public sealed class FaultScheduleTests
{
    [Fact]
    public void One_seed_always_has_the_same_schedule()
    {
        var (first, second) = (FaultSchedule.Create(Plan(7)), FaultSchedule.Create(Plan(7)));

        Assert.Equal($"{first}", $"{second}");
        Assert.Equal(first.Hash, second.Hash);
    }

    [Fact]
    public void Two_seeds_have_different_schedules() => Assert.NotEqual(FaultSchedule.Create(Plan(7)).Hash, FaultSchedule.Create(Plan(8)).Hash);

    [Fact]
    public void Each_kind_is_scheduled_and_long_kinds_only_once()
    {
        var schedule = FaultSchedule.Create(Plan(7));

        Assert.Equal(60, schedule.Faults.Count);
        Assert.Equal(FaultKinds.All.Select(kind => kind.Name).Order(), schedule.Faults.Select(fault => fault.Kind.Name).Distinct().Order());
        Assert.All(FaultKinds.All.Where(kind => kind.IsLong), kind => Assert.Single(schedule.Faults, fault => fault.Kind == kind));
    }

    [Fact]
    public void Order_counts_increase_and_targets_run_during_the_whole_run()
    {
        var plan = Plan(7);
        var faults = FaultSchedule.Create(plan).Faults;

        Assert.Equal(faults.Select(fault => fault.AtOrders).Order(), faults.Select(fault => fault.AtOrders));
        Assert.All(
            faults.Where(fault => fault.Parameters.Target.Contains('/', StringComparison.Ordinal) && fault.Kind != ProcessFaults.ThirdInstance),
            fault => Assert.Contains(fault.Parameters.Target, plan.Targets.Running));
        Assert.DoesNotContain(plan.Targets.Spare, plan.Targets.Running);
    }

    [Fact]
    public void Each_kind_runs_somewhere_and_explains_where_it_does_not() => Assert.All(FaultKinds.All, kind =>
    {
        var reasons = FaultEnvironment.All.Select(environment => kind.WhyNot(environment)).ToList();
        Assert.Contains(null, reasons);
        Assert.All(reasons.OfType<string>(), reason => Assert.EndsWith(".", reason, StringComparison.Ordinal));
    });

    [Fact]
    public void Long_kinds_are_not_in_the_smoke_plan() => Assert.DoesNotContain(Plans.Smoke.Kinds, kind => kind.IsLong);

    private static FaultPlan Plan(int seed) => Plans.Full(seed, faults: 60, orders: 0) with { Kinds = FaultKinds.All };
}
