using System.Diagnostics;
using System.Text.Json;

namespace DaprOrders.Stack;

/// <summary>A request that succeeds when something is ready.</summary>
/// <param name="Name">The name in messages.</param>
/// <param name="Port">The port on 127.0.0.1.</param>
public sealed record Probe(string Name, int Port, string Path)
{
    /// <summary>Returns the probe of a service.</summary>
    public static Probe OfService(string name, int port) => new(name, port, "/healthz/ready");

    /// <summary>Returns the probe of a sidecar whose service is started later. The sidecar's main health route would wait for the service.</summary>
    public static Probe OfSidecar(string appId, int port) => new($"sidecar of {appId}", port, "/v1.0/healthz/outbound");
}

/// <summary>Waits until all probes succeed.</summary>
public sealed class Readiness(IReadOnlyCollection<Probe> probes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(30);

    /// <summary>Waits until all probes succeed, and returns true. Returns false if the runtime ends first.</summary>
    /// <param name="timeout">The maximum time to wait.</param>
    /// <param name="hasEnded">Returns whether the runtime has ended.</param>
    /// <param name="report">Receives a list of what is not ready, with reasons, every 30 s.</param>
    /// <exception cref="StackException">A probe did not succeed in time. The message names it with the reason.</exception>
    public async Task<bool> WaitAsync(TimeSpan timeout, Func<bool> hasEnded, Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hasEnded);
        ArgumentNullException.ThrowIfNull(report);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
        var (began, reported) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (!hasEnded())
        {
            var notReady = (await Task.WhenAll(probes.Select(probe => CheckAsync(http, probe, cancellationToken)))).OfType<string>().ToList();
            if (notReady.Count == 0)
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(began) > timeout)
            {
                throw new StackException($"the system is not ready after {timeout.TotalSeconds:0} s:\n{string.Join('\n', notReady)}");
            }

            if (Stopwatch.GetElapsedTime(reported) > ReportInterval)
            {
                report($"Not ready after {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s:\n{string.Join('\n', notReady)}");
                reported = Stopwatch.GetTimestamp();
            }

            await Task.Delay(Interval, cancellationToken);
        }

        return false;
    }

    /// <summary>Returns why something is not ready, or null if it is.</summary>
    private static async Task<string?> CheckAsync(HttpClient http, Probe probe, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{probe.Port}{probe.Path}"), cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode && !IsDegraded(body))
            {
                return null;
            }

            return $"  {probe.Name}: {Failing(body) ?? $"GET {probe.Path} returned {(int)response.StatusCode}"}";
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"  {probe.Name}: no response on port {probe.Port}";
        }
    }

    /// <summary>Returns whether a service is degraded: it serves requests, but its events wait, for example for its sidecar.</summary>
    private static bool IsDegraded(string body) => Read(body, "status") == "\"degraded\"";

    private static string? Failing(string body) => Read(body, "failing");

    private static string? Read(string body, string property)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind is JsonValueKind.Object && document.RootElement.TryGetProperty(property, out var value)
                ? value.GetRawText()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
