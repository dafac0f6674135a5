namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>How an app is asked whether it is well.</summary>
/// <param name="Threshold">So many failures make it unhealthy, however many probes it passed between them.</param>
internal sealed record AppHealthSpec(string Path, TimeSpan Interval, TimeSpan Timeout, int Threshold);

/// <summary>A call that is not made because the app is not well.</summary>
internal sealed class AppUnhealthyException() : HttpRequestException("rpc error: code = Internal desc = app is not in a healthy state");

/// <summary>Probes an app, one probe at a time, and says when it becomes healthy or unhealthy; at first it is unhealthy.</summary>
internal sealed partial class AppHealth(AppHealthSpec spec, AppChannel app, TimeProvider time, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private int _failures = spec.Threshold;
    private int _probes;

    /// <summary>Gets how many probes have had their effect.</summary>
    public int Probes => Volatile.Read(ref _probes);

    public bool IsHealthy => Volatile.Read(ref _failures) < spec.Threshold;

    /// <param name="changed">Called with what the app has become; the next probe waits for it.</param>
    public async Task RunAsync(Func<bool, Task> changed, CancellationToken stop)
    {
        using var ticks = new PeriodicTimer(spec.Interval, time);
        do
        {
            var before = IsHealthy;
            var passed = await ProbeAsync(stop);
            if (passed && !before)
            {
                Volatile.Write(ref _failures, 0);
                LogHealthy();
                await changed(true);
            }
            else if (!passed && before)
            {
                // Counted over the app's whole life: a probe that it passes below the threshold takes nothing back.
                if (Interlocked.Increment(ref _failures) == spec.Threshold)
                {
                    LogUnhealthy(spec.Threshold);
                    await changed(false);
                }
            }

            Interlocked.Increment(ref _probes);
        }
        while (await ticks.WaitForNextTickAsync(stop));
    }

    private async Task<bool> ProbeAsync(CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(spec.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        using var request = new HttpRequestMessage(HttpMethod.Get, app.UriOf(spec.Path));
        try
        {
            using var answer = await app.ProbeAsync(request, linked.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "App entered healthy status")]
    private partial void LogHealthy();

    [LoggerMessage(LogLevel.Warning, "App entered un-healthy status: {Failures} probes have failed since it was last found healthy; nothing reaches it until it passes one")]
    private partial void LogUnhealthy(int failures);
}
