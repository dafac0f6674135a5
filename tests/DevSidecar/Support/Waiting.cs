using System.Runtime.CompilerServices;

namespace DaprOrders.DevSidecar.Tests.Support;

/// <summary>Waits for what tells nobody that it happens, such as a clock that jumps.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"within {Patience} it did not come to {text}");
            await Task.Yield();
        }
    }
}
