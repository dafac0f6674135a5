namespace DaprOrders.Gateway.Invocation;

/// <summary>
/// Makes one attempt to call a service. It reads the whole body, so that the timeout of the attempt covers it, and turns failures into exceptions.
/// </summary>
internal sealed class AttemptHandler : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<List<UpstreamFailure>> Failures = new("failures");

    /// <summary>Returns the list to which each attempt at this request adds its failure.</summary>
    public static List<UpstreamFailure> Record(HttpRequestMessage request)
    {
        List<UpstreamFailure> failures = [];
        request.Options.Set(Failures, failures);
        return failures;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            if (await UpstreamFailure.OfAsync(response) is not { } failure)
            {
                return response;
            }

            response.Dispose();
            throw Failed(request, failure);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            throw Failed(request, UpstreamFailure.Of(e), e);
        }
    }

    private static UpstreamException Failed(HttpRequestMessage request, UpstreamFailure failure, Exception? inner = null)
    {
        if (request.Options.TryGetValue(Failures, out var failures))
        {
            failures.Add(failure);
        }

        return new UpstreamException(failure, inner);
    }
}
