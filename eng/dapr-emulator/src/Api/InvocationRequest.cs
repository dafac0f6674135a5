using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using DaprOrders.DaprEmulator.Invocation;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>One invocation as it goes to the callee's app; a new message is made for every attempt.</summary>
/// <param name="PathAndQuery">Encoded, without the leading slash.</param>
/// <param name="Body">Null: the body is streamed from the caller and cannot be sent twice.</param>
/// <param name="TokenIsOurs">Whether the caller's token was for this sidecar and must not reach the app.</param>
internal sealed partial record InvocationRequest(string Caller, string Callee, string PathAndQuery, byte[]? Body, int MaxBodyBytes, bool TokenIsOurs)
{
    private static readonly HashSet<string> Verbs = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

    private static readonly HashSet<string> Dropped = new(StringComparer.OrdinalIgnoreCase)
    {
        "dapr-app-id", "destination-app-id",
        "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate", "Content-Length", "Expect",
    };

    // The sidecar sets these, except when an app invokes itself.
    private static readonly HashSet<string> Parties = new(StringComparer.OrdinalIgnoreCase) { "dapr-caller-app-id", "dapr-callee-app-id", "dapr-caller-namespace" };

    /// <summary>Gets a value indicating whether the app invokes itself: the sidecar then adds no header.</summary>
    public bool IsOwn => Caller == Callee;

    public static bool IsHopByHop(string header) => Dropped.Contains(header);

    public HttpRequestMessage ToMessage(HttpRequest source, AppChannel app)
    {
        // A verb that HTTP does not define becomes POST.
        var verb = source.Method.ToUpperInvariant();
        var message = new HttpRequestMessage(new HttpMethod(Verbs.Contains(verb) ? verb : "POST"), app.UriOf(PathAndQuery));
        if (Body is null)
        {
            // A known length is forwarded, even of a body that will turn out to be too large.
            message.Content = new StreamContent(new LimitedStream(source.Body, MaxBodyBytes));
            message.Content.Headers.ContentLength = source.ContentLength;
        }
        else if (Body.Length > 0 || source.ContentType is not null)
        {
            message.Content = new ByteArrayContent(Body);
        }

        var named = source.Headers.Connection.ToString().Split(',', StringSplitOptions.TrimEntries);
        foreach (var (name, values) in source.Headers)
        {
            if (Dropped.Contains(name)
                || (!IsOwn && Parties.Contains(name))
                || (TokenIsOurs && name.Equals("dapr-api-token", StringComparison.OrdinalIgnoreCase))
                || name.StartsWith(':')
                || name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase)
                || named.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            var sent = name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase) ? "dapr-" + name : name;
            if (!message.Headers.TryAddWithoutValidation(sent, (IEnumerable<string?>)values))
            {
                message.Content?.Headers.TryAddWithoutValidation(sent, (IEnumerable<string?>)values);
            }
        }

        AddOwn(message.Headers, source.Method);
        return message;
    }

    private void AddOwn(HttpRequestHeaders headers, string method)
    {
        if (!IsOwn)
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

    /// <summary>Finds the app id and the method, which may be empty, in the header <c>dapr-app-id</c> or in the path; null when neither has them.</summary>
    /// <param name="path">Decoded, and not cleaned.</param>
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
