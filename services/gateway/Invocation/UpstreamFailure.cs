using System.Net;
using System.Text.Json;

namespace DaprOrders.Gateway.Invocation;

/// <summary>Why an app could not be called. The reason is for the log: it may name hosts and ports.</summary>
/// <param name="Reason">What happened, in the runtime's words.</param>
/// <param name="DidNotRun">Whether it is certain that the app never saw the request.</param>
/// <param name="IsWorthRepeating">Whether another attempt may well pass.</param>
/// <param name="Answer">What the client gets for it; 0 where <paramref name="DidNotRun"/> decides.</param>
internal sealed record InvocationFailure(string Reason, bool DidNotRun = false, bool IsWorthRepeating = false, HttpStatusCode Answer = 0)
{
    /// <summary>The words of the runtime for it: nothing was dialled, or the dialling itself failed.</summary>
    private static readonly string[] NeverReached =
    [
        "connect: connection refused", "no host found with the given ID", "couldn't find service", "name resolver not initialized",
        "app is not in a healthy state", "app channel is not initialized", "app channel not initialized", "failed getting app id",
    ];

    /// <summary>The runtime has retried by itself, and tells only how the last of its attempts ended.</summary>
    private const string Retried = " retries. Error: ";

    /// <summary>Gets the status for the client: 503 when nothing was done, else 502.</summary>
    public HttpStatusCode Status =>
        Answer is not 0 ? Answer : DidNotRun ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.BadGateway;

    /// <summary>
    /// Tells what the app means to say, which is 2xx or 4xx in JSON, from everything else: the sidecar's errors, which are the sidecar's by
    /// their <c>errorCode</c>, and answers that no app of ours gives.
    /// </summary>
    public static async Task<InvocationFailure?> OfAsync(HttpResponseMessage response)
    {
        var kind = response.Content.Headers.ContentType?.MediaType;
        if (kind is "application/json" && !response.IsSuccessStatusCode && await ReadAsync(response) is { ErrorCode: { } code } error)
        {
            var reason = $"{code}: {error.Message}";
            return new InvocationFailure(reason, SaysNeverReached(reason), IsWorthRepeating: true);
        }

        return (int)response.StatusCode switch
        {
            >= 200 and < 300 => null,
            >= 400 and < 500 when kind is "application/json" or "application/problem+json" => null,
            431 => new("the sidecar takes no headers of that size", DidNotRun: true, Answer: HttpStatusCode.RequestHeaderFieldsTooLarge),
            503 => new("the app answers 503", IsWorthRepeating: true, Answer: HttpStatusCode.ServiceUnavailable),
            var status => new($"the app or its sidecar answers {status}"),
        };
    }

    public static InvocationFailure Of(Exception exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } e =>
            new($"the gateway's sidecar is not there: {e.Message}", DidNotRun: true, IsWorthRepeating: true),
        HttpRequestException e => new($"the gateway's sidecar broke off: {e.Message}", IsWorthRepeating: true),
        _ => new("no answer in time", IsWorthRepeating: true),
    };

    private static bool SaysNeverReached(string reason) =>
        !reason.Contains(Retried, StringComparison.Ordinal)
        && Array.Exists(NeverReached, words => reason.Contains(words, StringComparison.Ordinal));

    private static async Task<DaprError?> ReadAsync(HttpResponseMessage response)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<DaprError>(JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record DaprError(string? ErrorCode, string? Message);
}

/// <summary>An app could not be called.</summary>
internal sealed class InvocationException(InvocationFailure failure, Exception? inner = null) : Exception(failure.Reason, inner)
{
    public InvocationFailure Failure { get; } = failure;
}
