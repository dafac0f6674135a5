using System.Net.Sockets;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>An invocation without a response of the app, with the text of Dapr.</summary>
/// <param name="unavailable">Whether the callee's sidecar is gone: the only case for the built-in retries.</param>
internal sealed class InvocationFailure(string message, bool unavailable) : Exception(message)
{
    public bool Unavailable => unavailable;

    public static InvocationFailure Refused(string address) => new(
        "rpc error: code = Unavailable desc = connection error: desc = "
        + $"\"transport: Error while dialing: dial tcp {address}: connect: connection refused\"",
        unavailable: true);

    public static InvocationFailure Lost() => new("rpc error: code = Unavailable desc = error reading from server: EOF", unavailable: true);

    public static InvocationFailure NoApp(bool self) => new(
        self ? "cannot invoke local endpoint: app channel not initialized" : "rpc error: code = Internal desc = app channel is not initialized",
        unavailable: false);

    /// <param name="self">Whether it is the sidecar's own app: then there is no callee's sidecar, which would add the kind of the error.</param>
    private static InvocationFailure OfApp(string error, bool self) => new(
        self ? error : "rpc error: code = Internal desc = error invoking app channel: " + error, unavailable: false);

    public static InvocationFailure OfApp(HttpRequestMessage request, AppChannel app, HttpRequestException failure, int readBuffer, bool self)
    {
        var cause = failure.HttpRequestError == HttpRequestError.ConnectionError
            || failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? $"dial tcp {app.Address}: connect: connection refused"
                : failure.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded
                    ? $"net/http: server response headers exceeded {readBuffer} bytes; aborted"
                    : "EOF";
        var verb = request.Method.Method;
        return OfApp($"{verb[..1]}{verb[1..].ToLowerInvariant()} \"{request.RequestUri!.OriginalString}\": {cause}", self);
    }
}
