using System.Runtime.CompilerServices;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Waits with a limit, and fails with what was waited for.</summary>
internal static class Waiting
{
    /// <summary>How long a test waits for one thing. It is generous: it only ends a test that would hang.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    /// <summary>Waits for a task.</summary>
    public static async Task ForAsync(Task task, Func<string> what)
    {
        try
        {
            await task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Waited {Limit.TotalSeconds} s for {what()}");
        }
    }

    /// <summary>Waits for a condition that nothing signals, such as a clock that jumps.</summary>
    public static async Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"Waited {Limit.TotalSeconds} s for {text}");
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
