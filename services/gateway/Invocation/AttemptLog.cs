namespace DaprOrders.Gateway.Invocation;

/// <summary>Records the failures of the attempts at a request. It can be read while an attempt is running.</summary>
internal sealed class AttemptLog
{
    public static readonly UpstreamFailure NoResponse = new("no response in time", IsTransient: true);

    private readonly Lock _lock = new();
    private UpstreamFailure? _last;
    private bool _mayHaveRun;
    private bool _isRunning;

    /// <summary>
    /// Gets the last failure; null if there was none. The request did not run only if no attempt ran: the time may end between attempts, and an
    /// attempt that is still running may run to its end.
    /// </summary>
    public UpstreamFailure? Failure
    {
        get
        {
            lock (_lock)
            {
                return _isRunning ? NoResponse : _last is null ? null : _last with { DidNotRun = !_mayHaveRun };
            }
        }
    }

    public void Begin()
    {
        lock (_lock)
        {
            _isRunning = true;
        }
    }

    public void Add(UpstreamFailure failure)
    {
        lock (_lock)
        {
            _isRunning = false;
            _last = failure;
            _mayHaveRun |= !failure.DidNotRun;
        }
    }
}
