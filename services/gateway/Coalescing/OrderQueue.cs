namespace DaprOrders.Gateway.Coalescing;

/// <summary>A call to the order service that is in flight.</summary>
internal sealed record OrderCall(long Started);

/// <summary>
/// Decides when orders are sent, and which together. An order goes at once while fewer than two calls are in flight, so a lone request neither waits nor
/// shares a call. Otherwise it waits, and the next call carries all that wait. Under load the orders of a call therefore accumulate without a timer.
/// </summary>
internal sealed class OrderQueue : IDisposable
{
    /// <summary>These are at most 160 KiB, even if the keys and owners are as long as possible and each character has an escape.</summary>
    private const int MaxOrders = 128;

    /// <summary>More would not be sent in time, and the memory must have a bound.</summary>
    private const int MaxWaiting = 64 * MaxOrders;

    /// <summary>While one call is processed, the next one is on its way. More calls would carry fewer orders each.</summary>
    private const int MaxNewCalls = 2;

    /// <summary>So that one frozen instance of the order service does not block new orders, which reach another one.</summary>
    private const int MaxCalls = 8;

    private static readonly TimeSpan NewFor = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan WithoutGroups = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<QueuedOrder> _waiting = [];
    private readonly List<OrderCall> _calls = new(MaxCalls); // the oldest first
    private readonly ITimer _timer;
    private readonly GroupSender _groups;
    private readonly CoalescingMetrics _metrics;
    private readonly TimeProvider _time;
    private bool _isTimerSet;
    private long? _groupsMissingSince;

    public OrderQueue(GroupSender groups, CoalescingMetrics metrics, TimeProvider time)
    {
        (_groups, _metrics, _time) = (groups, metrics, time);
        using (ExecutionContext.SuppressFlow()) // the timer must not keep the context of the request that happens to be first
        {
            _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Gets the number of orders that wait for a call.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Gets whether the order service has no route for groups. It is tried again after a minute, since the service may have been updated.</summary>
    public bool IsSuspended
    {
        get
        {
            lock (_lock)
            {
                return _groupsMissingSince is { } since && _time.GetElapsedTime(since) < WithoutGroups;
            }
        }
    }

    /// <summary>Adds an order, whose turn may come at once. Returns false if too many orders wait.</summary>
    public bool TryAdd(QueuedOrder order)
    {
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting)
            {
                return false;
            }

            order.Node = _waiting.AddLast(order);
        }

        StartCalls();
        return true;
    }

    /// <summary>Removes an order. Returns false if a call has already taken it.</summary>
    public bool Remove(QueuedOrder order)
    {
        lock (_lock)
        {
            return Unlink(order);
        }
    }

    public void End(OrderCall call)
    {
        lock (_lock)
        {
            _calls.Remove(call);
        }

        StartCalls();
    }

    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        lock (_lock)
        {
            _isTimerSet = false;
        }

        StartCalls();
    }

    private void StartCalls()
    {
        while (TakeNext() is { Call: { } call } next)
        {
            _metrics.Called(next.Orders.Count);
            if (next.Orders is [var order])
            {
                if (!order.TryComplete(new Turn(GoesAlone: true, Call: call)))
                {
                    Release(call);
                }

                continue;
            }

            using (ExecutionContext.SuppressFlow()) // the call is not part of the request whose thread starts it
            {
                _ = Task.Run(() => SendAsync(call, next.Orders));
            }
        }
    }

    private void Release(OrderCall call)
    {
        lock (_lock)
        {
            _calls.Remove(call);
        }
    }

    /// <summary>Takes the orders of the next call, unless none can start now.</summary>
    private (OrderCall Call, IReadOnlyList<QueuedOrder> Orders)? TakeNext()
    {
        lock (_lock)
        {
            var orders = CanStart() ? TakeOrders() : [];
            if (orders.Count == 0)
            {
                SetTimer();
                return null;
            }

            var call = new OrderCall(_time.GetTimestamp());
            _calls.Add(call);
            return (call, orders);
        }
    }

    private bool CanStart() =>
        _calls.Count < MaxCalls && (_calls.Count < MaxNewCalls || _time.GetElapsedTime(_calls[^MaxNewCalls].Started) >= NewFor);

    private List<QueuedOrder> TakeOrders()
    {
        var orders = new List<QueuedOrder>(Math.Min(_waiting.Count, MaxOrders));
        while (orders.Count < MaxOrders && _waiting.First?.Value is { } order)
        {
            Unlink(order);
            if (order.HasTime)
            {
                orders.Add(order);
            }
            else
            {
                order.TryComplete(new Turn(Failure: CoalescingHandler.NotSent));
            }
        }

        return orders;
    }

    private bool Unlink(QueuedOrder order)
    {
        if (order.Node is not { } node)
        {
            return false;
        }

        _waiting.Remove(node);
        order.Node = null;
        return true;
    }

    /// <summary>Wakes up when the older of the two newest calls no longer counts as new. There is no timer while nothing waits.</summary>
    private void SetTimer()
    {
        if (_waiting.Count == 0 || _calls.Count is < MaxNewCalls or >= MaxCalls || _isTimerSet)
        {
            return;
        }

        var due = NewFor - _time.GetElapsedTime(_calls[^MaxNewCalls].Started);
        _isTimerSet = _timer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private async Task SendAsync(OrderCall call, IReadOnlyList<QueuedOrder> orders)
    {
        try
        {
            if (!await _groups.TrySendAsync(orders))
            {
                Suspend(orders);
            }
        }
        finally
        {
            End(call);
        }
    }

    /// <summary>Lets these orders and those that wait go alone.</summary>
    private void Suspend(IReadOnlyList<QueuedOrder> sent)
    {
        List<QueuedOrder> waiting;
        lock (_lock)
        {
            _groupsMissingSince = _time.GetTimestamp();
            waiting = [.. _waiting];
            waiting.ForEach(order => Unlink(order));
        }

        foreach (var order in sent.Concat(waiting))
        {
            order.TryComplete(new Turn(GoesAlone: true));
        }
    }
}
