using System.Diagnostics;

namespace DaprOrders.Bench;

/// <summary>Writes one line per step to standard error, so that standard output contains only the tables.</summary>
internal sealed class Progress(int steps, TimeSpan estimate)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private int _step;

    public void Begin() => Console.Error.WriteLine($"{steps} steps, about {estimate.TotalMinutes:F0} min.");

    public void Step(string what) =>
        Console.Error.WriteLine($"[{++_step,2}/{steps} {Stopwatch.GetElapsedTime(_started):mm\\:ss} of about {estimate:mm\\:ss}] {what}");

    public static void Write(string what) => Console.Error.WriteLine($"      {what}");
}
