using System.Runtime.CompilerServices;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Waits with a timeout. On timeout, the test fails with a description of what it waited for.</summary>
internal static class Waiting
{
    /// <summary>The timeout. It is long, because it only ends tests that would otherwise hang.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

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

    /// <summary>Polls a condition for which there is no notification, such as the time of a clock.</summary>
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
