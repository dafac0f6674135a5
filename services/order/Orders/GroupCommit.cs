namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Commits the orders of one moment together: while one group is being committed, those that come gather into the next. Nobody waits for
/// company; an order that comes alone is committed at once.
/// </summary>
internal sealed class GroupCommit(OrderPlacement placement)
{
    /// <summary>
    /// The costs of a transaction, divided by 128, are already small beside those of an order; a larger group would save little, make its
    /// first order wait for its last, and have more orders to place one by one when one of them is bad.
    /// </summary>
    private const int LargestGroup = 128;

    /// <summary>What comes after so many would wait for longer than the gateway does, and for nothing: it asks again, with the same key.</summary>
    internal const int LargestQueue = 4096;

    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _waiting = [];
    private bool _isCommitting;

    /// <summary>Gets how many orders have gathered for the next group.</summary>
    public int Gathered
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Places an order, and ends when it is committed. The caller's going away changes nothing for it, nor for others in its group.</summary>
    /// <returns>The order, or the earlier one with its key, which may be for something else; and whether it is new.</returns>
    /// <exception cref="TimeoutException"><see cref="LargestQueue"/> orders wait already. Nothing was done.</exception>
    public Task<(Order Order, bool IsNew)> PlaceAsync(NewOrder order)
    {
        var waiting = new Waiting(order);
        lock (_lock)
        {
            if (_waiting.Count == LargestQueue)
            {
                throw new TimeoutException($"{LargestQueue} orders wait for the database already.");
            }

            _waiting.Enqueue(waiting);
            if (_isCommitting)
            {
                return waiting.Task;
            }

            _isCommitting = true;
        }

        // Unsafe: without the trace and the logging scopes of this request, since the work is done for others too.
        ThreadPool.UnsafeQueueUserWorkItem(static groups => _ = groups.CommitGroupsAsync(), this, preferLocal: false);
        return waiting.Task;
    }

    private async Task CommitGroupsAsync()
    {
        while (NextGroup() is { } group)
        {
            await CommitAsync(group);

            // To the end of the pool's queue: the answers are written, and the requests that are there already get into the next group.
            await Task.Yield();
        }
    }

    private List<Waiting>? NextGroup()
    {
        lock (_lock)
        {
            _isCommitting = _waiting.Count > 0;
            if (!_isCommitting)
            {
                return null;
            }

            var group = new List<Waiting>(Math.Min(_waiting.Count, LargestGroup));
            while (group.Count < LargestGroup && _waiting.TryDequeue(out var waiting))
            {
                group.Add(waiting);
            }

            return group;
        }
    }

    private async Task CommitAsync(List<Waiting> group)
    {
        try
        {
            var placements = await placement.PlaceAsync(group.ConvertAll(waiting => waiting.Order));
            for (var i = 0; i < placements.Length; i++)
            {
                group[i].Answer(placements[i]);
            }
        }
        catch (Exception e)
        {
            // Each request answers it as its own failure: 503 when the database is away.
            group.ForEach(waiting => waiting.SetException(e));
        }
    }

    /// <summary>A request that waits for its order. Its answer is not written by the thread that has the next group to commit.</summary>
    private sealed class Waiting(NewOrder order) : TaskCompletionSource<(Order Order, bool IsNew)>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public NewOrder Order { get; } = order;

        public void Answer(Placement placement)
        {
            if (placement.Order is { } placed)
            {
                SetResult((placed, placement.IsNew));
            }
            else
            {
                SetException(placement.Failure!);
            }
        }
    }
}
