using System.Globalization;
using DaprOrders.TestSupport;

namespace DaprOrders.Faults.Tests;

/// <summary>
/// The long form, by ./faults.sh: one run for each seed of <c>FAULTS_SEEDS</c> (<c>1-12</c>), each with <c>FAULTS_ORDERS</c> orders and
/// <c>FAULTS_COUNT</c> faults, written to docs/faults.md.
/// </summary>
public sealed class LongRun(ITestOutputHelper output)
{
    [Fact(Explicit = true)]
    public async Task Under_hundreds_of_faults_no_order_of_a_hundred_thousand_is_lost_doubled_or_oversold()
    {
        OwnSystem.Require();
        var violations = 0;
        foreach (var seed in Seeds(Variable("FAULTS_SEEDS", "1-12")))
        {
            var plan = Plans.Full(seed, Number("FAULTS_COUNT", 45), Number("FAULTS_ORDERS", 9_000), ordersPerSecond: 150);
            var result = await FaultRun.RunAsync(plan, Say);
            FaultReport.Add(Path.Combine(Repository.Root, "docs", "faults.md"), result);
            violations += result.Violations.Count;
        }

        Assert.Equal(0, violations);
    }

    private static IEnumerable<int> Seeds(string range)
    {
        var ends = range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToList();
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
    }

    private static int Number(string name, int otherwise) => int.Parse(Variable(name, $"{otherwise}"), CultureInfo.InvariantCulture);

    private static string Variable(string name, string otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;

    private void Say(string line)
    {
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}
