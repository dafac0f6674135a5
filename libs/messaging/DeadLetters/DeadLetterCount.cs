using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DaprOrders.Messaging;

/// <summary>Counts the dead letters every 15 s, for the metrics.</summary>
internal sealed class DeadLetterCount(IServiceScopeFactory scopes, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>Gets the number of dead letters; null if it is not known, for example while the database is unavailable.</summary>
    public long? Value { get; private set; }

    /// <summary>Counts the dead letters now.</summary>
    public async Task UpdateAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        Value = await scope.ServiceProvider.GetRequiredService<DbContext>().Set<DeadLetter>().LongCountAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await UpdateAsync(stoppingToken);
            }
            catch (Exception)
            {
                Value = null; // the health check of the database reports the reason
            }
        }
        while (!stoppingToken.IsCancellationRequested && await timer.WaitForNextTickAsync(stoppingToken));
    }
}
