using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using DaprOrders.DaprEmulator.Invocation;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>Describes one invocation. <see cref="ToMessage"/> creates a new message for every attempt, because a message can be sent only once.</summary>
/// <param name="PathAndQuery">The encoded path and query, without the leading slash.</param>
/// <param name="Body">The whole body, or null if it is streamed from the caller. A streamed body cannot be sent twice.</param>
/// <param name="RemoveApiToken">Whether to remove the header <c>dapr-api-token</c>. A token for this sidecar must not reach the app.</param>
internal sealed partial record InvocationRequest(string Caller, string Callee, string PathAndQuery, byte[]? Body, int MaxBodyBytes, bool RemoveApiToken)
{
    private static readonly HashSet<string> Verbs = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

    private static readonly HashSet<string> NotForwarded = new(StringComparer.OrdinalIgnoreCase)
    {
        "dapr-app-id", "destination-app-id",
        "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate", "Content-Length", "Expect",
    };

    // The sidecar sets these headers, except when an app invokes itself.
    private static readonly HashSet<string> CallerHeaders = new(StringComparer.OrdinalIgnoreCase) { "dapr-caller-app-id", "dapr-callee-app-id", "dapr-caller-namespace" };

    /// <summary>Gets a value indicating whether the app invokes itself. In that case the sidecar adds no headers about the caller.</summary>
    public bool IsSelfInvocation => Caller == Callee;

    public static bool IsHopByHop(string header) => NotForwarded.Contains(header);

    public HttpRequestMessage ToMessage(HttpRequest source, AppChannel app)
    {
        // Dapr replaces a verb that HTTP does not define with POST.
        var verb = source.Method.ToUpperInvariant();
        var message = new HttpRequestMessage(new HttpMethod(Verbs.Contains(verb) ? verb : "POST"), app.CreateUri(PathAndQuery));
        if (Body is null)
        {
            // Like Dapr, forward the length even if the body is larger than the limit. The stream then fails at the limit.
            message.Content = new StreamContent(new LimitedStream(source.Body, MaxBodyBytes));
            message.Content.Headers.ContentLength = source.ContentLength;
        }
        else if (Body.Length > 0 || source.ContentType is not null)
        {
            message.Content = new ByteArrayContent(Body);
        }

        var connectionHeaders = source.Headers.Connection.ToString().Split(',', StringSplitOptions.TrimEntries);
        foreach (var (name, values) in source.Headers)
        {
            if (NotForwarded.Contains(name)
                || (!IsSelfInvocation && CallerHeaders.Contains(name))
                || (RemoveApiToken && name.Equals("dapr-api-token", StringComparison.OrdinalIgnoreCase))
                || name.StartsWith(':')
                || name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase)
                || connectionHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            var forwardedName = name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase) ? "dapr-" + name : name;
            if (!message.Headers.TryAddWithoutValidation(forwardedName, (IEnumerable<string?>)values))
            {
                message.Content?.Headers.TryAddWithoutValidation(forwardedName, (IEnumerable<string?>)values);
            }
        }

        AddSidecarHeaders(message.Headers, source.Method);
        return message;
    }

    private void AddSidecarHeaders(HttpRequestHeaders headers, string method)
    {
        if (!IsSelfInvocation)
        {
            headers.TryAddWithoutValidation("dapr-caller-app-id", Caller);
            headers.TryAddWithoutValidation("dapr-callee-app-id", Callee);
            headers.TryAddWithoutValidation("dapr-caller-namespace", "default");
            headers.TryAddWithoutValidation("X-Forwarded-For", "127.0.0.1");
            headers.TryAddWithoutValidation("X-Forwarded-Host", Environment.MachineName);
            headers.TryAddWithoutValidation("Forwarded", $"for=127.0.0.1;by=127.0.0.1;host={Environment.MachineName}");
        }

        if (method != "HEAD" && !headers.Contains("Accept-Encoding"))
        {
            headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        }
    }

    /// <summary>Returns the app id and the method from the header <c>dapr-app-id</c> or from the path, or null if neither names an app. The method may be empty.</summary>
    /// <param name="path">The decoded path before <see cref="RequestPath.Clean"/>.</param>
    public static (string AppId, string Method)? Target(HttpRequest request, string path)
    {
        if (request.Headers["dapr-app-id"] is [{ Length: > 0 } byHeader, ..])
        {
            return (byHeader, RequestPath.Clean(path)[1..]);
        }

        return ByPath().Match(path) is { Success: true } match
            ? (RequestPath.Decode(match.Groups["app"].Value) ?? match.Groups["app"].Value, RequestPath.Clean(match.Groups["method"].Value)[1..])
            : null;
    }

    [GeneratedRegex("^/+v1\\.0/+invoke/+(?<app>[^/].*?)/method/(?<method>.*)$", RegexOptions.Singleline)]
    private static partial Regex ByPath();
}
