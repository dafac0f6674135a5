using DaprOrders.DaprEmulator.Invocation;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>One invocation as it goes to the callee's app; made anew for every attempt.</summary>
/// <param name="PathAndQuery">Encoded, without the leading slash.</param>
/// <param name="Body">Null: the body is streamed from the caller and can't be sent twice.</param>
/// <param name="TokenIsOurs">The caller's token was for this sidecar and stays here; else it is a header like others.</param>
internal sealed record InvocationRequest(string Caller, string Callee, string PathAndQuery, byte[]? Body, int MaxBodyBytes, bool TokenIsOurs)
{
    private static readonly HashSet<string> Verbs = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

    private static readonly HashSet<string> Dropped = new(StringComparer.OrdinalIgnoreCase)
    {
        "dapr-app-id", "destination-app-id",
        "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate", "Content-Length", "Expect",
    };

    // Who calls whom is said by the sidecar, except where it calls its own app.
    private static readonly HashSet<string> Parties = new(StringComparer.OrdinalIgnoreCase) { "dapr-caller-app-id", "dapr-callee-app-id", "dapr-caller-namespace" };

    /// <summary>Gets a value indicating whether the app calls itself: the sidecar then adds no header.</summary>
    public bool IsOwn => Caller == Callee;

    public static bool IsHopByHop(string header) => Dropped.Contains(header);

    public HttpRequestMessage ToMessage(HttpRequest source, AppChannel app)
    {
        var message = new HttpRequestMessage(new HttpMethod(Verb(source)), app.UriOf(PathAndQuery));
        if (Body is null)
        {
            // A length is passed on, also that of a body which will turn out to be too long on its way.
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

    /// <summary>Gets the verb that the app sees: one that HTTP does not define becomes POST.</summary>
    public static string Verb(HttpRequest source) => Verbs.Contains(source.Method.ToUpperInvariant()) ? source.Method.ToUpperInvariant() : "POST";

    private void AddOwn(System.Net.Http.Headers.HttpRequestHeaders headers, string method)
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

    /// <summary>Finds the app id and the method, which may be empty, in one of the three forms; null when there is none.</summary>
    /// <param name="path">Decoded, and not cleaned.</param>
    public static (string AppId, string Method)? Target(HttpRequest request, string path)
    {
        if (request.Headers["dapr-app-id"] is [{ Length: > 0 } byHeader, ..])
        {
            return (byHeader, RequestPath.Clean(path).TrimStart('/'));
        }

        const string Method = "/method/";
        if (RequestPath.After(path, "v1.0", "invoke") is not { } rest)
        {
            return null;
        }

        var at = rest.IndexOf(Method, StringComparison.Ordinal);
        if (at <= 0)
        {
            return null;
        }

        var appId = rest[..at];
        return (RequestPath.Decode(appId) is { Length: > 0 } decoded ? decoded : appId, RequestPath.CleanRelative(rest[(at + Method.Length)..]));
    }
}
