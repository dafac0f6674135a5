using System.Net.Sockets;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>The exception for an invocation without a response from the app. The message is Dapr's error text.</summary>
/// <param name="unavailable">Whether the callee's sidecar cannot be reached. The built-in retries apply only in this case.</param>
internal sealed class InvocationException(string message, bool unavailable) : Exception(message)
{
    public bool Unavailable => unavailable;

    public static InvocationException ConnectionRefused(string address) => new(
        "rpc error: code = Unavailable desc = connection error: desc = "
        + $"\"transport: Error while dialing: dial tcp {address}: connect: connection refused\"",
        unavailable: true);

    public static InvocationException ConnectionLost() => new("rpc error: code = Unavailable desc = error reading from server: EOF", unavailable: true);

    public static InvocationException NoApp(bool self) => new(
        self ? "cannot invoke local endpoint: app channel not initialized" : "rpc error: code = Internal desc = app channel is not initialized",
        unavailable: false);

    /// <param name="self">Whether the app invokes itself. Otherwise the callee's sidecar adds a prefix to the error.</param>
    private static InvocationException FromApp(string error, bool self) => new(
        self ? error : "rpc error: code = Internal desc = error invoking app channel: " + error, unavailable: false);

    public static InvocationException FromApp(HttpRequestMessage request, AppChannel app, HttpRequestException failure, int readBuffer, bool self)
    {
        var cause = failure.HttpRequestError == HttpRequestError.ConnectionError
            || failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? $"dial tcp {app.Address}: connect: connection refused"
                : failure.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded
                    ? $"net/http: server response headers exceeded {readBuffer} bytes; aborted"
                    : "EOF";
        var verb = request.Method.Method;
        return FromApp($"{verb[..1]}{verb[1..].ToLowerInvariant()} \"{request.RequestUri!.OriginalString}\": {cause}", self);
    }
}
