using System.Runtime.CompilerServices;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Waits for what tells nobody that it happens, such as a clock that jumps.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Ends what waits when its time is over, or when the test is cancelled.</summary>
    public static CancellationTokenSource Limit(TimeSpan time)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(time);
        return limit;
    }

    public static async Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        using var limit = Limit(Patience);
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"within {Patience} it did not come to {text}");
            await Task.Yield();
        }
    }
}
