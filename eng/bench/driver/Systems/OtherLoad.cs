using System.Globalization;

namespace DaprOrders.Bench.Systems;

/// <summary>Finds out whether other programs use the machine, which would make the figures worthless.</summary>
internal static class OtherLoad
{
    /// <summary>The share of all cores that other programs may use.</summary>
    public const double Bound = 0.10;

    private const int NamedProcesses = 5;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    /// <summary>Measures for two seconds, and returns what to tell the user; null if the machine is idle.</summary>
    public static async Task<string?> FindAsync()
    {
        var (before, busyBefore) = (Ticks(), ProcessFigures.Busy());
        await Task.Delay(Window);
        var (after, busy) = (Ticks(), ProcessFigures.Busy() - busyBefore);
        return Describe(
            busy.TotalSeconds / (Window.TotalSeconds * Environment.ProcessorCount),
            [.. after.Where(process => process.Key != Environment.ProcessId).Select(process => (
                $"{ProcessFigures.Name(process.Key)} ({process.Key})",
                (process.Value - before.GetValueOrDefault(process.Key)) / ProcessFigures.TicksPerSecond / Window.TotalSeconds))]);

        static Dictionary<int, long> Ticks() => ProcessFigures.All().ToDictionary(id => id, ProcessFigures.Ticks);
    }

    /// <summary>Describes the load if it is above <see cref="Bound"/>.</summary>
    /// <param name="share">The share of all cores that is in use.</param>
    /// <param name="processes">The share of one core that each process uses.</param>
    public static string? Describe(double share, IReadOnlyCollection<(string Name, double Cores)> processes)
    {
        if (share <= Bound)
        {
            return null;
        }

        var largest = processes.Where(process => process.Cores > 0).OrderByDescending(process => process.Cores).Take(NamedProcesses)
            .Select(process => string.Create(CultureInfo.InvariantCulture, $"{process.Name} {100 * process.Cores:F0} % of a core"));
        return string.Create(CultureInfo.InvariantCulture, $"Other programs use {100 * share:F0} % of the CPU, the bound is {100 * Bound:F0} %: ")
            + string.Join(", ", largest.DefaultIfEmpty("processes that have ended"))
            + ". Stop them, or measure anyway with --beside-other-load.";
    }
}
