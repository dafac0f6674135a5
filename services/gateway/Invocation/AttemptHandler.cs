namespace DaprOrders.Gateway.Invocation;

/// <summary>
/// Makes one attempt to call a service. It reads the whole body, so that the timeout of the attempt covers it, and turns failures into exceptions.
/// </summary>
internal sealed class AttemptHandler : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<AttemptLog> Log = new("attempts");

    /// <summary>Returns the log to which each attempt at this request adds its failure.</summary>
    public static AttemptLog LogOf(HttpRequestMessage request)
    {
        if (!request.Options.TryGetValue(Log, out var log))
        {
            request.Options.Set(Log, log = new AttemptLog());
        }

        return log;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var log = LogOf(request);
        log.Begin();
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            if (await UpstreamFailure.OfAsync(response) is not { } failure)
            {
                return response;
            }

            response.Dispose();
            throw Failed(log, failure);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            throw Failed(log, UpstreamFailure.Of(e), e);
        }
    }

    private static UpstreamException Failed(AttemptLog log, UpstreamFailure failure, Exception? inner = null)
    {
        log.Add(failure);
        return new UpstreamException(failure, inner);
    }
}
