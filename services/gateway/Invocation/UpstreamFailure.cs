using System.Net;
using System.Text.Json;

namespace DaprOrders.Gateway.Invocation;

/// <summary>Why a service could not be called. The reason is for the log only: it may contain hosts and ports.</summary>
/// <param name="Reason">The error of the service, the sidecar or the connection.</param>
/// <param name="DidNotRun">Whether it is certain that the service did not receive the request.</param>
/// <param name="IsTransient">Whether another attempt may succeed.</param>
/// <param name="Override">The status for the client; null if <paramref name="DidNotRun"/> decides.</param>
/// <param name="Received">The status that the service or its sidecar responded with, if it decided nothing else.</param>
internal sealed record UpstreamFailure(
    string Reason, bool DidNotRun = false, bool IsTransient = false, HttpStatusCode? Override = null, HttpStatusCode? Received = null)
{
    /// <summary>Errors of the runtime that mean that no connection to the service was made.</summary>
    private static readonly string[] NotConnectedErrors =
    [
        "connect: connection refused", "no host found with the given ID", "couldn't find service", "name resolver not initialized",
        "app is not in a healthy state", "app channel is not initialized", "app channel not initialized", "failed getting app id",
    ];

    /// <summary>The runtime has retried, and only reports the error of the last attempt: an earlier one may have run.</summary>
    private const string RuntimeRetried = " retries. Error: ";

    /// <summary>Gets the status for the client: 503 if the request did not run, else 502.</summary>
    public HttpStatusCode Status => Override ?? (DidNotRun ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.BadGateway);

    /// <summary>
    /// Returns the failure that a response is, or null if it is the service's own response: 2xx or 4xx with JSON. Errors of the sidecar have an
    /// <c>errorCode</c>.
    /// </summary>
    public static async Task<UpstreamFailure?> OfAsync(HttpResponseMessage response)
    {
        var mediaType = response.Content.Headers.ContentType?.MediaType;
        if (mediaType is "application/json" && !response.IsSuccessStatusCode && await ReadAsync(response) is { ErrorCode: { } code } error)
        {
            var reason = $"{code}: {error.Message}";
            return new UpstreamFailure(reason, IsNotConnected(reason), IsTransient: true);
        }

        if (response.StatusCode is HttpStatusCode.NoContent)
        {
            return null;
        }

        // The gateway has checked the client's token, so a refusal is not about the client.
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            return new UpstreamFailure($"the service or its sidecar responded {(int)response.StatusCode}; start all services and sidecars with the same APP_API_TOKEN");
        }

        // If the service or its sidecar ends during a request, the runtime responds 200 without headers and body, or with a part of the body.
        var isJson = mediaType is "application/json" or "application/problem+json";
        var isOwn = response.IsSuccessStatusCode || (isJson && (int)response.StatusCode is >= 400 and < 500);
        if (isOwn)
        {
            return isJson && await IsCompleteAsync(response)
                ? null
                : new UpstreamFailure($"the body of the response {(int)response.StatusCode} is missing or not complete", IsTransient: true);
        }

        return (int)response.StatusCode switch
        {
            431 => new("the sidecar refused the size of the headers", DidNotRun: true, Override: HttpStatusCode.RequestHeaderFieldsTooLarge),
            503 => new("the service responded 503", IsTransient: true, Override: HttpStatusCode.ServiceUnavailable),
            var status => new($"the service or its sidecar responded {status}", Received: response.StatusCode),
        };
    }

    public static UpstreamFailure Of(Exception exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } e =>
            new($"the gateway's sidecar cannot be reached: {e.Message}", DidNotRun: true, IsTransient: true),
        HttpRequestException e => new($"the connection to the gateway's sidecar ended: {e.Message}", IsTransient: true),
        _ => AttemptLog.NoResponse,
    };

    private static bool IsNotConnected(string reason) =>
        !reason.Contains(RuntimeRetried, StringComparison.Ordinal)
        && Array.Exists(NotConnectedErrors, error => reason.Contains(error, StringComparison.Ordinal));

    private static async Task<bool> IsCompleteAsync(HttpResponseMessage response)
    {
        try
        {
            using var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static async Task<DaprError?> ReadAsync(HttpResponseMessage response)
    {
        try
        {
            return JsonSerializer.Deserialize<DaprError>(await response.Content.ReadAsByteArrayAsync(), JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record DaprError(string? ErrorCode, string? Message);
}

/// <summary>A service could not be called.</summary>
internal sealed class UpstreamException(UpstreamFailure failure, Exception? inner = null) : Exception(failure.Reason, inner)
{
    public UpstreamFailure Failure { get; } = failure;
}
