using System.Diagnostics;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Coalescing;

/// <summary>What a request does after it has waited: it sends its order alone, or has the response, or has failed.</summary>
/// <param name="Response">The response of the call that carried the order.</param>
/// <param name="Failure">The failure of that call.</param>
/// <param name="GoesAlone">Whether the request sends its order alone, with its own key.</param>
/// <param name="Call">The call that the request makes and must end.</param>
internal sealed record Turn(HttpResponseMessage? Response = null, UpstreamFailure? Failure = null, bool GoesAlone = false, OrderCall? Call = null);

/// <summary>An order of one client that waits for a call to the order service, with everything that its own request contains.</summary>
internal sealed class QueuedOrder
{
    private const int MaxBodyBytes = 16 << 10;

    /// <summary>The least time in which a call can succeed. Otherwise the client would not know whether its order was placed.</summary>
    private static readonly TimeSpan LeastTime = TimeSpan.FromMilliseconds(50);

    private readonly TaskCompletionSource<Turn> _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _time;
    private readonly long _arrived;

    private QueuedOrder(string itemId, int quantity, string key, string? owner, HttpRequestMessage request, Send send, TimeProvider time)
    {
        (ItemId, Quantity, Key, Owner, Request, SendAsync) = (itemId, quantity, key, owner, request, send);
        (_time, _arrived) = (time, time.GetTimestamp());
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } span)
        {
            (TraceParent, Trace) = (span.Id, span.Context);
        }
    }

    /// <summary>Sends a request through the handlers that come after the one that queued the order.</summary>
    public delegate Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken cancellationToken);

    public string ItemId { get; }

    public int Quantity { get; }

    public string Key { get; }

    public string? Owner { get; }

    public string? TraceParent { get; }

    public ActivityContext Trace { get; }

    /// <summary>Gets the request that sends the order alone.</summary>
    public HttpRequestMessage Request { get; }

    public Send SendAsync { get; }

    /// <summary>Gets or sets the attempts of the call that carries the order; null before.</summary>
    public AttemptLog? Attempts { get; set; }

    /// <summary>Gets the failure of the call that carries the order, before the call has ended.</summary>
    public UpstreamFailure FailureOfCall => Attempts?.Failure ?? AttemptLog.NoResponse;

    /// <summary>Gets or sets the place in the queue; null if the order is not queued.</summary>
    public LinkedListNode<QueuedOrder>? Node { get; set; }

    public TimeSpan RemainingTime => InvocationExtensions.TotalTimeout - _time.GetElapsedTime(_arrived);

    public bool HasTime => RemainingTime >= LeastTime;

    public Task<Turn> Turn => _turn.Task;

    /// <summary>Returns the order of a request; null if the request must be sent as it is.</summary>
    public static async Task<QueuedOrder?> ReadAsync(HttpRequestMessage request, Send send, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Content?.Headers is not { ContentType: { MediaType: "application/json", CharSet: null or "utf-8" or "UTF-8" }, ContentLength: <= MaxBodyBytes }
            || !request.Headers.TryGetValues(IdempotencyKey.Header, out var keys))
        {
            return null;
        }

        var body = await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var owner = request.Headers.TryGetValues(ServiceDefaults.Owner.Header, out var owners) ? owners.Single() : null;
        return PlainOrder.TryRead(body, out var itemId, out var quantity)
            ? new QueuedOrder(itemId, quantity, keys.Single(), owner, request, send, time)
            : null;
    }

    /// <summary>Ends the wait. Returns false if the client has disconnected, or its time is over.</summary>
    public bool TryComplete(Turn turn) => _turn.TrySetResult(turn);

    /// <summary>Gives up the wait. Returns false if it has ended at the same time.</summary>
    public bool TryLeave() => _turn.TrySetCanceled();
}
