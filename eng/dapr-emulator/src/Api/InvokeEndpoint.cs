using System.IO.Compression;
using System.Net;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>Service invocation: forwards a request to the callee's app, and the response back unchanged.</summary>
internal sealed class InvokeEndpoint(SidecarState sidecar, NameRegistry names)
{
    public async Task HandleAsync(HttpContext http, string path, string query)
    {
        if (InvocationRequest.Target(http.Request, Uri.UnescapeDataString(path)) is not var (appId, method))
        {
            await ApiError.NoAppId.WriteAsync(http);
            return;
        }

        var encoded = RequestPath.Encode(method);
        if (encoded is null || Refusal(appId, method) is not null)
        {
            await (Refusal(appId, method) ?? ApiError.Invoke(appId, $"invalid URL escape in method: {method}")).WriteAsync(http);
            return;
        }

        // A body without length is streamed and never sent twice. One that is too long fails while it is streamed.
        var limit = sidecar.Spec.MaxBodyBytes;
        var streamed = (http.Request.ContentLength is null && http.Request.Headers.TransferEncoding.Count > 0)
            || (limit > 0 && http.Request.ContentLength > limit);
        var body = streamed ? null : await HttpBody.ReadAsync(http.Request, limit, http.RequestAborted);
        var request = new InvocationRequest(
            sidecar.AppId, appId.Split('.')[0], encoded + (query == "?" ? "" : query), body, limit, TokenIsOurs: sidecar.ApiToken is not null);
        try
        {
            using var answer = await InvokeAsync(http, request, appId);
            await ForwardAsync(http, answer, isStreamed: body is null);
        }
        catch (InvocationFailure failure) when (!http.Response.HasStarted)
        {
            await HttpBody.DrainAsync(http.Request, http.RequestAborted);
            await ApiError.Invoke(appId, failure.Message).WriteAsync(http);
        }
    }

    private static ApiError? Refusal(string appId, string method) =>
        appId.StartsWith("http://", StringComparison.Ordinal) || appId.StartsWith("https://", StringComparison.Ordinal)
            ? ApiError.NotEmulated("invocation of external endpoints")
        : appId.Count(letter => letter == '.') > 1 ? ApiError.Invoke(appId, $"invalid app id {appId}")
        : method.Any(letter => letter is < ' ' or '\x7f' or '#' or '?')
            ? ApiError.Invoke(appId, $"rpc error: code = InvalidArgument desc = invalid method: method contains forbidden character: {method}")
        : null;

    private async Task<HttpResponseMessage> InvokeAsync(HttpContext http, InvocationRequest request, string appId)
    {
        // Resolved once: all attempts go to the same address.
        var inNamespace = appId.IndexOf('.', StringComparison.Ordinal) is var dot && (dot < 0 || appId[(dot + 1)..] == "default");
        var target = (inNamespace ? names.Resolve(request.Callee) : null) ?? throw new InvocationFailure("no host found with the given ID", unavailable: false);
        var named = sidecar.Resources.Resiliency.NamedApp(request.Callee);
        var policy = named ?? sidecar.Resources.Resiliency.App(request.Callee);
        var retry = request.Body is null ? null : policy.Retry;
        var builtIn = sidecar.Resources.Resiliency.BuiltIn;
        var usesBuiltIn = request.Body is not null && named is null && retry is null;
        var started = sidecar.Time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            HttpResponseMessage? answer = null;
            InvocationFailure? failure = null;
            try
            {
                answer = await CallAsync(http, request, target, policy.Timeout);
                if (retry is null || (int)answer.StatusCode is >= 200 and < 400 || !retry.Repeats((int)answer.StatusCode))
                {
                    return answer;
                }
            }
            catch (InvocationFailure failed)
            {
                failure = failed;
            }

            var rule = retry ?? (usesBuiltIn && failure is { Unavailable: true } ? builtIn : null);
            if (rule?.PauseBefore(attempt, sidecar.Time.GetElapsedTime(started)) is not { } pause)
            {
                return answer ?? throw (usesBuiltIn && failure!.Unavailable
                    ? new InvocationFailure($"failed to invoke target {request.Callee} after {builtIn.MaxRetries} retries. Error: {failure.Message}", true)
                    : failure!);
            }

            answer?.Dispose();
            await Task.Delay(pause, sidecar.Time, http.RequestAborted);
        }
    }

    private async Task<HttpResponseMessage> CallAsync(
        HttpContext http, InvocationRequest request, IInvocationTarget target, TimeSpan? timeout)
    {
        if (target.Gone.IsCancellationRequested)
        {
            throw InvocationFailure.Refused(target.InternalAddress);
        }

        // A sidecar invokes its own app directly, even when there are other instances of it.
        var app = (request.IsOwn ? sidecar.App : target.App) ?? throw InvocationFailure.NoApp(request.IsOwn);
        using var timer = timeout is { } limit ? new CancellationTokenSource(limit, sidecar.Time) : new CancellationTokenSource();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, target.Gone, http.RequestAborted);
        using var message = request.ToMessage(http.Request, app);
        try
        {
            return await app.InvokeAsync(message, linked.Token);
        }
        catch (HttpRequestException failure) when (failure.InnerException is BodyTooLargeException)
        {
            throw new InvocationFailure("stream too large", unavailable: false);
        }
        catch (HttpRequestException failure)
        {
            throw InvocationFailure.OfApp(message, app, failure, sidecar.Spec.ReadBufferBytes, request.IsOwn);
        }
        catch (OperationCanceledException) when (target.Gone.IsCancellationRequested)
        {
            throw InvocationFailure.Lost();
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested)
        {
            throw new InvocationFailure("context deadline exceeded", unavailable: false);
        }
    }

    private static async Task ForwardAsync(HttpContext http, HttpResponseMessage answer, bool isStreamed)
    {
        var status = (int)answer.StatusCode;
        http.Response.StatusCode = status;
        // The app compressed for the sidecar, not for the caller.
        var unpack = answer.Content.Headers.ContentEncoding.SingleOrDefault() == "gzip" && http.Request.Headers.AcceptEncoding.Count == 0;
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (!InvocationRequest.IsHopByHop(name)
                && !answer.Headers.Connection.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !(unpack && name.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase)))
            {
                http.Response.Headers.Append(name, values.ToArray());
            }
        }

        if (!isStreamed && status is < 200 or > 399 && http.Response.ContentType is null)
        {
            http.Response.ContentType = "application/json";
        }

        if (http.Request.Method == "HEAD" || answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        {
            return;
        }

        if (!unpack)
        {
            http.Response.ContentLength = answer.Content.Headers.ContentLength;
        }

        await using var content = await answer.Content.ReadAsStreamAsync(http.RequestAborted);
        await using var source = unpack ? new GZipStream(content, CompressionMode.Decompress) : content;
        await CopyAsync(source, http);
    }

    // Each chunk is flushed, so that server-sent events arrive when they are sent.
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
