using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks that each running service and its sidecar have the same token. If not, the service refuses every event, and nothing else fails.</summary>
internal static class TokensCheck
{
    private const string Name = "Tokens";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Finding>> RunAsync(RunFile runFile, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout };
        var findings = new List<Finding>();
        foreach (var app in runFile.Apps)
        {
            if (await FindMismatchAsync(client, app.AppPort, cancellationToken) is { } mismatch)
            {
                findings.Add(new Finding(
                    Severity.Failure, Name, $"{app.AppId} on port {app.AppPort}: {mismatch}; ./run.sh starts both with the token in .dapr-orders/{LocalTokens.AppFile}"));
            }
        }

        return findings;
    }

    /// <summary>Returns what the health check of the service reports; null if the tokens are the same, or if the port has no service of this repository.</summary>
    private static async Task<string?> FindMismatchAsync(HttpClient client, int port, CancellationToken cancellationToken)
    {
        if (!FreePort.Listens(port))
        {
            return null;
        }

        try
        {
            using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz/ready"), cancellationToken);
            var readiness = await response.Content.ReadFromJsonAsync<Readiness>(cancellationToken);
            return readiness?.Failing?.GetValueOrDefault("app-api-token");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null; // the ports check reports another program
        }
    }

    private sealed record Readiness(Dictionary<string, string>? Failing);
}
