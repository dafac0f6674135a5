using System.Text;
using CsCheck;

namespace DaprOrders.Testing;

/// <summary>
/// Generates HTTP requests as bytes, from valid ones to those that no client library sends: odd parameters and headers, and bodies of
/// <see cref="HostileJson"/>. Their framing is valid, so each has a response.
/// </summary>
/// <param name="Bytes">The request, with <c>Connection: close</c>.</param>
public sealed record HostileRequest(byte[] Bytes)
{
    private static readonly (string Name, string Value)[] Json = [("Content-Type", "application/json")];

    private static readonly Gen<string> Encoded = Gen.OneOf(
        Gen.Byte.Array[0, 12].Select(bytes => string.Concat(bytes.Select(value => $"%{value:X2}"))),
        Gen.Char["abcXYZ019-_.~!$'()*,;:@"].Array[0, 20].Select(characters => new string(characters)),
        Gen.Int.Select(number => $"{number}"),
        Gen.OneOf(
            "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e", "%0A0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e%20", "item-1", "..%2f..%2f", "%2e%2e", "pending", "1s", "1s%0A", "50", "1e1",
            "%ff", "%00", "%", "%zz", "1%2C2", new string('a', 3_000)));

    private static readonly Gen<string> HeaderValue = Gen.OneOf(
        Gen.Char[' ', '~'].Array[0, 40].Select(characters => new string(characters)),
        Gen.Char['\u00a0', '\u00ff'].Array[1, 5].Select(characters => new string(characters)),
        Gen.OneOf(
            "", "*/*", "text/plain", "application/json", "application/json; charset=\"utf-8\"", "application/json; charset=utf-16", "application/json; note=\u00e9",
            "application/x-www-form-urlencoded", "gzip", "identity", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "key=value,other=%", new string('k', 300),
            new string('v', 5_000)));

    private static readonly Gen<string> HeaderName = Gen.OneOf(
        "Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "Idempotency-Key", "traceparent", "tracestate", "baggage", "grpc-trace-bin", "X-Forwarded-For",
        "X-Forwarded-Host", "X-Original-URL", "Origin", "Referer", "Cookie", "Authorization", "Range", "If-None-Match", "Expect-CT", "dapr-app-id", "dapr-api-token",
        "dapr-caller-app-id", "DaprOrders-Owner", "Retry-After", "X-HTTP-Method-Override");

    /// <summary>Generates requests for a route.</summary>
    /// <param name="method">The method of the route. A few requests have another one.</param>
    /// <param name="path">The path of the route, with <c>{}</c> for a parameter.</param>
    /// <param name="bodies">The bodies of the requests.</param>
    /// <param name="credentials">Headers with the tokens of the route, which half of the requests have.</param>
    public static Gen<HostileRequest> For(string method, string path, Gen<byte[]> bodies, params (string Name, string Value)[] credentials) =>
        from otherMethod in Gen.Frequency((15, Gen.Const(method)), (1, Gen.OneOf("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "FOO")))
        from parameter in Encoded
        from query in Gen.Select(Gen.OneOf("limit", "cursor", "status", "wait", "order_id", "topic", "reason", "x", ""), Encoded).Array[0, 3]
        from headers in Gen.Select(HeaderName, HeaderValue).Array[0, 4]
        from isJson in Gen.Bool
        from hasCredentials in Gen.Bool
        from body in bodies
        select Create(
            otherMethod, path.Replace("{}", parameter, StringComparison.Ordinal), query,
            [.. isJson ? Json : [], .. hasCredentials ? credentials : [], .. headers], body);

    public override string ToString() => Encoding.Latin1.GetString(Bytes);

    private static HostileRequest Create(string method, string path, (string Name, string Value)[] query, (string Name, string Value)[] headers, byte[] body)
    {
        var target = query.Length == 0 ? path : $"{path}?{string.Join('&', query.Select(parameter => $"{parameter.Name}={parameter.Value}"))}";
        var text = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        foreach (var (name, value) in headers)
        {
            text.Append($"{name}: {value}\r\n");
        }

        var hasBody = method is "POST" or "PUT" or "PATCH";
        text.Append(hasBody ? $"Content-Length: {body.Length}\r\n\r\n" : "\r\n");
        return new HostileRequest([.. Encoding.Latin1.GetBytes(text.ToString()), .. hasBody ? body : []]);
    }
}
