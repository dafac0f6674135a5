namespace DaprOrders.Gateway.Invocation;

/// <summary>One attempt to call an app: with the whole body of its answer, so that its time-out holds for that too. What failed is an exception.</summary>
internal sealed class AttemptHandler : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<List<InvocationFailure>> Failures = new("failures");

    /// <summary>Gives the list to which each attempt at this request adds its failure.</summary>
    public static List<InvocationFailure> Record(HttpRequestMessage request)
    {
        List<InvocationFailure> failures = [];
        request.Options.Set(Failures, failures);
        return failures;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            if (await InvocationFailure.OfAsync(response) is not { } failure)
            {
                return response;
            }

            response.Dispose();
            throw Failed(request, failure);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            throw Failed(request, InvocationFailure.Of(e), e);
        }
    }

    private static InvocationException Failed(HttpRequestMessage request, InvocationFailure failure, Exception? inner = null)
    {
        if (request.Options.TryGetValue(Failures, out var failures))
        {
            failures.Add(failure);
        }

        return new InvocationException(failure, inner);
    }
}
