using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>
/// Deletes dead letters that are older than <see cref="MessagingOptions.DeadLetterRetention"/>, when the service starts and then every hour. Does
/// nothing without that setting.
/// </summary>
internal sealed partial class DeadLetterRetention(
    IServiceScopeFactory scopes, IOptions<MessagingOptions> options, TimeProvider time, ILogger<DeadLetterRetention> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.DeadLetterRetention is not { } retention)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                if (await DeleteAsync(retention, stoppingToken) is > 0 and var count)
                {
                    LogDeleted(count, retention);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Compares with the clock of the database, which set the times of the dead letters.</summary>
    private async Task<int> DeleteAsync(TimeSpan retention, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var letters = scope.ServiceProvider.GetRequiredService<DbContext>().Set<DeadLetter>();
        return await letters.Where(letter => letter.LastAt < DateTimeOffset.UtcNow - retention).ExecuteDeleteAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Deleted {Count} dead letters that were older than {Retention}")]
    private partial void LogDeleted(int count, TimeSpan retention);

    [LoggerMessage(LogLevel.Warning, "Cannot delete old dead letters, retried in an hour: {Error}")]
    private partial void LogFailed(string error);
}
