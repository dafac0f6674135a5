using System.IO.Compression;
using DaprOrders.DevSidecar.Hosting;
using DaprOrders.DevSidecar.Invocation;
using DaprOrders.DevSidecar.Resources;

namespace DaprOrders.DevSidecar.Api;

/// <summary>Service invocation: from the caller's sidecar through the callee's to its app, answers passed on unchanged.</summary>
internal sealed class InvokeEndpoint(SidecarState sidecar, NameRegistry names)
{
    private static readonly RetryPolicy BuiltIn = new(false, TimeSpan.FromSeconds(1), 3, TimeSpan.MaxValue, null);

    public async Task HandleAsync(HttpContext http, string path, string query)
    {
        // A trailing slash was cleaned away, yet "…/method/" calls the app's root.
        if (path.EndsWith("/method", StringComparison.Ordinal) && http.Request.Path.Value!.EndsWith('/'))
        {
            path += "/";
        }

        if (InvocationRequest.Target(http.Request, path) is not var (appId, escaped))
        {
            await http.AnswerAsync(ApiError.NoAppId);
            return;
        }

        if (RequestPath.DecodePath(escaped) is not { } decoded || decoded.AsSpan().IndexOfAny("#?%\0") >= 0 || decoded.Any(char.IsControl))
        {
            await http.AnswerAsync(ApiError.Invoke(appId, $"invalid method name: {escaped}"));
            return;
        }

        // Without a length the body is passed on as it comes, and nothing is ever repeated.
        var streamed = http.Request.ContentLength is null && http.Request.Headers.TransferEncoding.Count > 0;
        var body = streamed ? null : await HttpBody.ReadAsync(http.Request, sidecar.Spec.MaxBodyBytes, http.RequestAborted);
        if (body is null && !streamed)
        {
            await http.AnswerAsync(ApiError.Invoke(appId, "stream too large"));
            return;
        }

        var pathAndQuery = RequestPath.Encode(RequestPath.Clean(decoded).TrimStart('/')) + query;
        var request = new InvocationRequest(sidecar.AppId, appId, pathAndQuery, body);
        try
        {
            using var answer = await InvokeAsync(http, request);
            await PassOnAsync(http, answer);
        }
        catch (InvocationFailure failure) when (!http.Response.HasStarted)
        {
            await http.AnswerAsync(ApiError.Invoke(appId, failure.Message));
        }
    }

    private async Task<HttpResponseMessage> InvokeAsync(HttpContext http, InvocationRequest request)
    {
        // Resolved once: all repetitions go to the same address.
        var target = names.Resolve(request.Callee) ?? throw new InvocationFailure("no host found with the given ID", unavailable: false);
        var named = sidecar.Resources.Resiliency.NamedApp(request.Callee);
        var policy = named ?? sidecar.Resources.Resiliency.App(request.Callee);
        var retry = request.Body is null ? null : policy.Retry;
        var usesBuiltIn = request.Body is not null && named is null && retry is null;
        var started = sidecar.Time.GetTimestamp();
        for (var repetition = 1; ; repetition++)
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

            var rule = retry ?? (usesBuiltIn && failure is { Unavailable: true } ? BuiltIn : null);
            if (rule?.PauseBefore(repetition, sidecar.Time.GetElapsedTime(started)) is not { } pause)
            {
                return answer ?? throw (usesBuiltIn && failure!.Unavailable
                    ? new InvocationFailure($"failed to invoke target {request.Callee} after 3 retries. Error: {failure.Message}", true)
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

        var app = target.App ?? throw InvocationFailure.NoApp(self: request.Callee == sidecar.AppId);
        using var timer = timeout is { } limit ? new CancellationTokenSource(limit, sidecar.Time) : new CancellationTokenSource();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, target.Gone, http.RequestAborted);
        using var message = request.ToMessage(http.Request, app);
        try
        {
            return await app.InvokeAsync(message, linked.Token);
        }
        catch (HttpRequestException failure)
        {
            throw InvocationFailure.OfApp(message, app, failure);
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

    private static async Task PassOnAsync(HttpContext http, HttpResponseMessage answer)
    {
        http.Response.StatusCode = (int)answer.StatusCode;
        // The app compressed for us, not for the caller.
        var unpack = answer.Content.Headers.ContentEncoding.SingleOrDefault() == "gzip" && http.Request.Headers.AcceptEncoding.Count == 0;
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (!InvocationRequest.IsHopByHop(name) && !(unpack && name.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase)))
            {
                http.Response.Headers.Append(name, values.ToArray());
            }
        }

        if (http.Request.Method == "HEAD" || answer.StatusCode is System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.NotModified)
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

    // Each piece is flushed, so that server-sent events arrive when they are sent.
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
