using System.Diagnostics;
using System.Text.Json;

namespace DaprOrders.Stack;

/// <summary>Waits until every app of a run file answers <c>GET /healthz/ready</c> with 200.</summary>
public sealed class Readiness(RunFile runFile)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(30);

    /// <param name="patience">After this time the services that are not ready are given up.</param>
    /// <param name="hasEnded">Whether the runtime has ended, which ends the wait too.</param>
    /// <param name="report">Is told every 30 s what is not ready, and why.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StackException">Some services were not ready in time. The message names them with their reasons.</exception>
    public async Task WaitAsync(TimeSpan patience, Func<bool> hasEnded, Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hasEnded);
        ArgumentNullException.ThrowIfNull(report);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
        var (began, reported) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (!hasEnded())
        {
            var missing = (await Task.WhenAll(runFile.Apps.Select(app => AskAsync(http, app, cancellationToken)))).OfType<string>().ToList();
            if (missing.Count == 0)
            {
                return;
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
    }

    /// <summary>Returns why an app is not ready, or null if it is.</summary>
    private static async Task<string?> AskAsync(HttpClient http, RunFileApp app, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{app.AppPort}/healthz/ready"), cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return null;
            }

            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            return $"  {app.AppId}: {Failing(body) ?? $"GET /healthz/ready answers {(int)response.StatusCode}"}";
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"  {app.AppId}: no answer on port {app.AppPort}";
        }
    }

    private static string? Failing(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.TryGetProperty("failing", out var failing) ? failing.GetRawText() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
