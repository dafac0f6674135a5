using System.IO.Compression;
using System.Net;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>Forwards a service invocation to the callee's app and returns the response unchanged.</summary>
internal sealed class InvokeEndpoint(SidecarState sidecar, NameRegistry names)
{
    public async Task HandleAsync(HttpContext http, string path, string query)
    {
        if (InvocationRequest.Target(http.Request, Uri.UnescapeDataString(path)) is not var (appId, method))
        {
            await ApiError.AppIdMissing.WriteAsync(http);
            return;
        }

        var encoded = RequestPath.Encode(method);
        if (encoded is null || Validate(appId, method) is not null)
        {
            await (Validate(appId, method) ?? ApiError.Invoke(appId, $"invalid URL escape in method: {method}")).WriteAsync(http);
            return;
        }

        // A body without a length is streamed and never retried. A body that is too long is streamed too, and fails at the limit.
        var limit = sidecar.Spec.MaxBodyBytes;
        var streamed = (http.Request.ContentLength is null && http.Request.Headers.TransferEncoding.Count > 0)
            || (limit > 0 && http.Request.ContentLength > limit);
        var body = streamed ? null : await HttpBody.ReadAsync(http.Request, limit, http.RequestAborted);
        var request = new InvocationRequest(
            sidecar.AppId, appId.Split('.')[0], encoded + (query == "?" ? "" : query), body, limit, RemoveApiToken: sidecar.ApiToken is not null);
        try
        {
            using var response = await InvokeAsync(http, request, appId);
            await ForwardAsync(http, response, isStreamed: body is null);
        }
        catch (InvocationException failure) when (!http.Response.HasStarted)
        {
            await HttpBody.DiscardAsync(http.Request, http.RequestAborted);
            await ApiError.Invoke(appId, failure.Message).WriteAsync(http);
        }
    }

    private static ApiError? Validate(string appId, string method) =>
        appId.StartsWith("http://", StringComparison.Ordinal) || appId.StartsWith("https://", StringComparison.Ordinal)
            ? ApiError.NotEmulated("invocation of external endpoints")
        : appId.Count(letter => letter == '.') > 1 ? ApiError.Invoke(appId, $"invalid app id {appId}")
        : method.Any(letter => letter is < ' ' or '\x7f' or '#' or '?')
            ? ApiError.Invoke(appId, $"rpc error: code = InvalidArgument desc = invalid method: method contains forbidden character: {method}")
        : null;

    private async Task<HttpResponseMessage> InvokeAsync(HttpContext http, InvocationRequest request, string appId)
    {
        // As on Dapr, the name is resolved once and all attempts use the same address.
        var inNamespace = appId.IndexOf('.', StringComparison.Ordinal) is var dot && (dot < 0 || appId[(dot + 1)..] == "default");
        var target = (inNamespace ? names.Resolve(request.Callee) : null) ?? throw new InvocationException("no host found with the given ID", unavailable: false);
        var appPolicy = sidecar.Resources.Resiliency.NamedApp(request.Callee);
        var policy = appPolicy ?? sidecar.Resources.Resiliency.App(request.Callee);
        var retry = request.Body is null ? null : policy.Retry;
        var builtIn = sidecar.Resources.Resiliency.BuiltInRetries;
        var usesBuiltIn = request.Body is not null && appPolicy is null && retry is null;
        var started = sidecar.Time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            HttpResponseMessage? response = null;
            InvocationException? failure = null;
            try
            {
                response = await CallAsync(http, request, target, policy.Timeout);
                if (retry is null || (int)response.StatusCode is >= 200 and < 400 || !retry.ShouldRetry((int)response.StatusCode))
                {
                    return response;
                }
            }
            catch (InvocationException failed)
            {
                failure = failed;
            }

            var activePolicy = retry ?? (usesBuiltIn && failure is { Unavailable: true } ? builtIn : null);
            if (activePolicy?.DelayBefore(attempt, sidecar.Time.GetElapsedTime(started)) is not { } delay)
            {
                return response ?? throw (usesBuiltIn && failure!.Unavailable
                    ? new InvocationException($"failed to invoke target {request.Callee} after {builtIn.MaxRetries} retries. Error: {failure.Message}", true)
                    : failure!);
            }

            response?.Dispose();
            await Task.Delay(delay, sidecar.Time, http.RequestAborted);
        }
    }

    private async Task<HttpResponseMessage> CallAsync(
        HttpContext http, InvocationRequest request, IInvocationTarget target, TimeSpan? timeout)
    {
        if (target.Stopped.IsCancellationRequested)
        {
            throw InvocationException.ConnectionRefused(target.InternalAddress);
        }

        // A sidecar invokes its own app directly, even if the app has other instances.
        var app = (request.IsSelfInvocation ? sidecar.App : target.App) ?? throw InvocationException.NoApp(request.IsSelfInvocation);
        using var timer = timeout is { } limit ? new CancellationTokenSource(limit, sidecar.Time) : new CancellationTokenSource();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, target.Stopped, http.RequestAborted);
        using var message = request.ToMessage(http.Request, app);
        try
        {
            return await app.InvokeAsync(message, linked.Token);
        }
        catch (HttpRequestException failure) when (failure.InnerException is BodyTooLargeException)
        {
            throw new InvocationException("stream too large", unavailable: false);
        }
        catch (HttpRequestException failure)
        {
            throw InvocationException.FromApp(message, app, failure, sidecar.Spec.ReadBufferBytes, request.IsSelfInvocation);
        }
        catch (OperationCanceledException) when (target.Stopped.IsCancellationRequested)
        {
            throw InvocationException.ConnectionLost();
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested)
        {
            throw new InvocationException("context deadline exceeded", unavailable: false);
        }
    }

    private static async Task ForwardAsync(HttpContext http, HttpResponseMessage response, bool isStreamed)
    {
        var status = (int)response.StatusCode;
        http.Response.StatusCode = status;
        // The sidecar adds "Accept-Encoding: gzip" to requests. Decompress the response if the caller did not send this header.
        var decompress = response.Content.Headers.ContentEncoding.SingleOrDefault() == "gzip" && http.Request.Headers.AcceptEncoding.Count == 0;
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (!InvocationRequest.IsHopByHop(name)
                && !response.Headers.Connection.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !(decompress && name.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase)))
            {
                http.Response.Headers.Append(name, values.ToArray());
            }
        }

        if (!isStreamed && status is < 200 or > 399 && http.Response.ContentType is null)
        {
            http.Response.ContentType = "application/json";
        }

        if (http.Request.Method == "HEAD" || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        {
            return;
        }

        if (!decompress)
        {
            http.Response.ContentLength = response.Content.Headers.ContentLength;
        }

        await using var content = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        await using var source = decompress ? new GZipStream(content, CompressionMode.Decompress) : content;
        await CopyAsync(source, http);
    }

    // Flush each chunk so that server-sent events are not delayed.
    private static async Task CopyAsync(Stream source, HttpContext http)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(16384);
        try
        {
            while (await source.ReadAsync(buffer, http.RequestAborted) is var read and > 0)
            {
                await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
