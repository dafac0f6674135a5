namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>A thread-safe list. Tests can wait until it contains certain items.</summary>
internal sealed class WaitableList<T>
{
    private readonly Lock _lock = new();
    private readonly List<T> _items = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<T> Items
    {
        get
        {
            lock (_lock)
            {
                return [.. _items];
            }
        }
    }

    public void Add(T item)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _items.Add(item);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    public void Clear()
    {
        lock (_lock)
        {
            _items.Clear();
        }
    }

    /// <summary>Waits until at least <paramref name="count"/> items match, and returns all matching items.</summary>
    public async Task<IReadOnlyList<T>> WaitForAsync(int count, Func<T, bool> matches, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_lock)
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
