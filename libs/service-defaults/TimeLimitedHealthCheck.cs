using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.ServiceDefaults;

/// <summary>Reports a failure if the check takes longer than one second. The check is then canceled and its result ignored.</summary>
internal sealed class TimeLimitedHealthCheck(IHealthCheck check) : IHealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        var cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var result = check.CheckHealthAsync(context, cancellation.Token);
        try
        {
            return await result.WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"no answer within {Timeout.TotalSeconds:F0} s");
        }
        finally
        {
            _ = EndAsync(result, cancellation);
        }
    }

    /// <summary>Cancels the check without waiting for it: Npgsql needs half a minute to cancel a query on a frozen database.</summary>
    private static async Task EndAsync(Task result, CancellationTokenSource cancellation)
    {
        using (cancellation)
        {
            if (!result.IsCompleted)
            {
                await cancellation.CancelAsync();
            }

            await result.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
