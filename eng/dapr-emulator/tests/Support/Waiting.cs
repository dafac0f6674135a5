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

/// <summary>A list that tests wait for while others add to it.</summary>
internal sealed class Noted<T>
{
    private readonly Lock _gate = new();
    private readonly List<T> _items = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<T> Items
    {
        get
        {
            lock (_gate)
            {
                return [.. _items];
            }
        }
    }

    public void Add(T item)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _items.Add(item);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    public void Clear()
    {
        lock (_gate)
        {
            _items.Clear();
        }
    }

    /// <summary>Waits for <paramref name="count"/> items that match, and returns all that match.</summary>
    public async Task<IReadOnlyList<T>> WaitForAsync(int count, Func<T, bool> matches, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                var matching = _items.Where(matches).ToList();
                if (matching.Count >= count)
                {
                    return matching;
                }

                changed = _changed.Task;
            }

            string Description() => $"{count} {what}, but there are:\n{string.Join('\n', Items)}";
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Waiting.Limit, $"Waited {Waiting.Limit.TotalSeconds} s for {Description()}");
            await Waiting.ForAsync(changed, Description);
        }
    }
}
