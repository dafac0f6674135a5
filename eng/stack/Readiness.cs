using System.Diagnostics;
using System.Text.Json;

namespace DaprOrders.Stack;

/// <summary>A request that succeeds when something is ready.</summary>
/// <param name="Name">What is asked, for messages.</param>
/// <param name="Port">The port of 127.0.0.1.</param>
/// <param name="Path">The path.</param>
public sealed record Probe(string Name, int Port, string Path)
{
    /// <summary>Returns the probe of a service.</summary>
    public static Probe OfService(string name, int port) => new(name, port, "/healthz/ready");

    /// <summary>Returns the probe of a sidecar whose service is started later. Its other health route waits for the service.</summary>
    public static Probe OfSidecar(string appId, int port) => new($"sidecar of {appId}", port, "/v1.0/healthz/outbound");
}

/// <summary>Waits until all probes succeed.</summary>
public sealed class Readiness(IReadOnlyCollection<Probe> probes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(30);

    /// <param name="patience">After this time what is not ready is given up.</param>
    /// <param name="hasEnded">Whether the runtime has ended, which ends the wait too.</param>
    /// <param name="report">Receives every 30 s what is not ready, and why.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether all are ready; false if the runtime has ended.</returns>
    /// <exception cref="StackException">Something was not ready in time. The message names it with the reason.</exception>
    public async Task<bool> WaitAsync(TimeSpan patience, Func<bool> hasEnded, Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hasEnded);
        ArgumentNullException.ThrowIfNull(report);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
        var (began, reported) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (!hasEnded())
        {
            var missing = (await Task.WhenAll(probes.Select(probe => AskAsync(http, probe, cancellationToken)))).OfType<string>().ToList();
            if (missing.Count == 0)
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(began) > patience)
            {
                throw new StackException($"given up after {patience.TotalSeconds:0} s; not ready are:\n{string.Join('\n', missing)}");
            }

            if (Stopwatch.GetElapsedTime(reported) > ReportInterval)
            {
                report($"Not ready after {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s:\n{string.Join('\n', missing)}");
                reported = Stopwatch.GetTimestamp();
            }

            await Task.Delay(Interval, cancellationToken);
        }

        return false;
    }

    /// <summary>Returns why something is not ready, or null if it is.</summary>
    private static async Task<string?> AskAsync(HttpClient http, Probe probe, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{probe.Port}{probe.Path}"), cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode && !IsDegraded(body))
            {
                return null;
            }

            return $"  {probe.Name}: {Failing(body) ?? $"GET {probe.Path} answers {(int)response.StatusCode}"}";
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"  {probe.Name}: no answer on port {probe.Port}";
        }
    }

    /// <summary>A degraded service serves requests, but its events wait: its sidecar is still starting, for example.</summary>
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
