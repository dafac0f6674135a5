using DaprOrders.Gateway.Invocation;

namespace DaprOrders.Gateway.Coalescing;

/// <summary>
/// Lets concurrent requests that place one order share a call to the order service. It is a handler of the client that calls the service, so the
/// routes of the gateway do not know of it, and each client gets the response that it would have got alone.
/// </summary>
internal sealed class CoalescingHandler(OrderQueue queue, TimeProvider time) : DelegatingHandler
{
    /// <summary>The failure of an order that waited until its time was over, and was not sent.</summary>
    public static readonly UpstreamFailure NotSent = new("too many orders wait for the order service", DidNotRun: true, IsTransient: true);

    private const string Path = "/orders";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method != HttpMethod.Post || request.RequestUri?.AbsolutePath != Path || queue.IsSuspended
            || await QueuedOrder.ReadAsync(request, base.SendAsync, time, cancellationToken) is not { } order)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var turn = queue.TryAdd(order) ? await WaitAsync(order, cancellationToken) : new Turn(Failure: NotSent);
        if (turn.Response is { } response)
        {
            return response;
        }

        var attempts = AttemptHandler.LogOf(request);
        if (turn.Failure is { } failure)
        {
            attempts.Add(failure); // so that the client is not told that its order was not sent, if only the last attempt was not
        }

        if (!turn.GoesAlone)
        {
            throw new UpstreamException(turn.Failure!);
        }

        try
        {
            request.Options.Set(InvocationExtensions.RemainingTime, order.RemainingTime);
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            if (turn.Call is { } call)
            {
                queue.End(call);
            }
        }
    }

    private async Task<Turn> WaitAsync(QueuedOrder order, CancellationToken cancellationToken)
    {
        try
        {
            return await order.Turn.WaitAsync(order.RemainingTime, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            if (!order.TryLeave())
            {
                return await order.Turn;
            }

            var wasSent = !queue.Remove(order);
            if (e is not TimeoutException)
            {
                throw;
            }

            return new Turn(Failure: wasSent ? order.FailureOfCall : NotSent);
        }
    }
}
