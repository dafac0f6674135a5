using System.Net;
using System.Text.Json;
using Polly;
using Polly.Timeout;

namespace DaprOrders.Gateway.Invocation;

/// <summary>
/// Why an app could not be called. <see cref="DidNotRun"/> is true only where it is certain that the app never saw the request.
/// </summary>
internal sealed record InvocationFailure(string Reason, bool DidNotRun)
{
    private const string ErrorCode = "ERR_DIRECT_INVOKE";

    /// <summary>The words of the runtime that say so: nothing was dialled, or the dialling itself failed.</summary>
    private static readonly string[] NeverReached =
        ["connect: connection refused", "no host found with the given ID", "couldn't find service", "name resolver not initialized", "app is not in a healthy state", "app channel is not initialized"];

    public static async ValueTask<bool> IsWorthRepeatingAsync(Outcome<HttpResponseMessage> outcome) =>
        outcome.Exception is HttpRequestException or TimeoutRejectedException
        || outcome.Result is { StatusCode: HttpStatusCode.ServiceUnavailable }
        || (outcome.Result is { } response && await ReadAsync(response) is not null);

    /// <summary>Tells the sidecar's own error from the app's: both are a 500, only the body differs.</summary>
    public static async ValueTask<InvocationFailure?> ReadAsync(HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.InternalServerError or HttpStatusCode.Forbidden)
            || response.Content.Headers.ContentType?.MediaType is not "application/json")
        {
            return null;
        }

        await response.Content.LoadIntoBufferAsync();
        try
        {
            var error = await response.Content.ReadFromJsonAsync<DaprError>(JsonSerializerOptions.Web);
            return error is { ErrorCode: ErrorCode, Message: { } message }
                ? new InvocationFailure(message, Array.Exists(NeverReached, words => message.Contains(words, StringComparison.Ordinal)))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static InvocationFailure? Of(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } e => new($"the gateway's sidecar is not there: {e.Message}", true),
        HttpRequestException e => new($"the gateway's sidecar broke off: {e.Message}", false),
        TimeoutRejectedException => new("no answer in time", false),
        OperationCanceledException when !cancellationToken.IsCancellationRequested => new("no answer in time", false),
        _ => null,
    };

    private sealed record DaprError(string? ErrorCode, string? Message);
}

/// <summary>An app could not be called.</summary>
internal sealed class InvocationException(InvocationFailure failure, Exception? inner = null) : Exception(failure.Reason, inner)
{
    public InvocationFailure Failure { get; } = failure;
}
