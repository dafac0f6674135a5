using System.Text;
using DaprOrders.DevSidecar.Invocation;

namespace DaprOrders.DevSidecar.Api;

/// <summary>One invocation as it goes to the callee's app; made anew for every attempt.</summary>
/// <param name="PathAndQuery">Encoded, without the leading slash.</param>
/// <param name="Body">Null: the body is streamed from the caller and can't be sent twice.</param>
internal sealed record InvocationRequest(string Caller, string Callee, string PathAndQuery, byte[]? Body)
{
    private static readonly HashSet<string> Dropped = new(StringComparer.OrdinalIgnoreCase)
    {
        "dapr-app-id", "dapr-api-token", "destination-app-id", "dapr-caller-app-id", "dapr-callee-app-id", "dapr-caller-namespace",
        "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate", "Content-Length", "Expect",
    };

    public static bool IsHopByHop(string header) => Dropped.Contains(header);

    public HttpRequestMessage ToMessage(HttpRequest source, AppChannel app)
    {
        var message = new HttpRequestMessage(new HttpMethod(source.Method), app.UriOf(PathAndQuery));
        if (Body is null)
        {
            message.Content = new StreamContent(source.Body);
        }
        else if (Body.Length > 0 || source.ContentType is not null)
        {
            message.Content = new ByteArrayContent(Body);
        }

        var named = source.Headers.Connection.ToString().Split(',', StringSplitOptions.TrimEntries);
        foreach (var (name, values) in source.Headers)
        {
            if (Dropped.Contains(name)
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

    private void AddOwn(System.Net.Http.Headers.HttpRequestHeaders headers, string method)
    {
        headers.TryAddWithoutValidation("dapr-caller-app-id", Caller);
        headers.TryAddWithoutValidation("dapr-callee-app-id", Callee);
        headers.TryAddWithoutValidation("dapr-caller-namespace", "default");
        headers.TryAddWithoutValidation("X-Forwarded-For", "127.0.0.1");
        headers.TryAddWithoutValidation("X-Forwarded-Host", Environment.MachineName);
        headers.TryAddWithoutValidation("Forwarded", $"for=127.0.0.1;by=127.0.0.1;host={Environment.MachineName}");
        if (method != "HEAD" && !headers.Contains("Accept-Encoding"))
        {
            headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        }
    }

    /// <summary>Finds the app id and the decoded path in one of the three forms; null when there is none.</summary>
    public static (string AppId, string Path)? Target(HttpRequest request, string path)
    {
        if (request.Headers["dapr-app-id"] is [{ Length: > 0 } byHeader, ..])
        {
            return (byHeader, path);
        }

        if (FromBasic(request.Headers.Authorization.ToString()) is { } byLogin)
        {
            return (byLogin, path);
        }

        const string Prefix = "/v1.0/invoke/";
        const string Method = "/method/";
        if (!path.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = path[Prefix.Length..];
        var at = rest.IndexOf(Method, StringComparison.Ordinal);
        return at > 0 ? (RequestPath.Decode(rest[..at]) ?? rest[..at], rest[(at + Method.Length - 1)..]) : null;
    }

    private static string? FromBasic(string authorization)
    {
        if (!authorization.StartsWith("Basic ", StringComparison.Ordinal))
        {
            return null;
        }

        var decoded = new byte[authorization.Length];
        return Convert.TryFromBase64String(authorization["Basic ".Length..], decoded, out var length)
            && Encoding.UTF8.GetString(decoded, 0, length) is var login
            && login.StartsWith("dapr-app-id:", StringComparison.Ordinal)
            ? login["dapr-app-id:".Length..]
            : null;
    }
}
