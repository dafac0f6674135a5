namespace DaprOrders.Faults.Tests.Checks;

/// <summary>A violation of an invariant.</summary>
internal sealed record Violation(string Invariant, string Detail)
{
    /// <summary>Returns one violation with the number of offenders and a few examples; none if there are no offenders.</summary>
    public static IEnumerable<Violation> Report<T>(string invariant, IEnumerable<T> offenders, string prefix = "")
    {
        var all = offenders.ToList();
        if (all.Count > 0)
        {
            yield return new Violation(invariant, $"{prefix}{all.Count}, for example {string.Join(", ", all.Take(3))}");
        }
    }

    public override string ToString() => $"{Invariant}: {Detail}";
}
