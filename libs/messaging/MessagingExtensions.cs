using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace DaprOrders.Messaging;

/// <summary>Registers the messaging services.</summary>
public static class MessagingExtensions
{
    /// <summary>
    /// Registers the outbox, the relay, event handlers and dead letters. Register the context too, for example with <c>AddPostgres</c>. The
    /// connection string is <c>ConnectionStrings:Database</c>. The settings are in section <c>Messaging</c>, see
    /// <see cref="MessagingOptions"/>. The relay runs only if the model contains <see cref="DbContextExtensions.AddOutbox"/>.
    /// </summary>
    /// <typeparam name="TContext">The context. Its model must contain <see cref="DbContextExtensions.AddDeadLetters"/>.</typeparam>
    public static IHostApplicationBuilder AddMessaging<TContext>(this IHostApplicationBuilder builder)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<MessagingOptions>().BindConfiguration("Messaging").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddDaprSidecar();
        services.AddSingleton<MessagingMetrics>();
        services.AddSingleton<DeadLetterCount>().AddHostedService(provider => provider.GetRequiredService<DeadLetterCount>());
        services.TryAddScoped<DbContext>(provider => provider.GetRequiredService<TContext>());

        services.AddSingleton<OutboxWriter>();
        services.AddSingleton<OutboxInterceptor>();
        services.ConfigureDbContext<TContext>(
            (provider, options) => options.AddInterceptors(provider.GetRequiredService<OutboxInterceptor>()));
        services.AddSingleton<OutboxModel>();
        services.AddSingleton<OutboxStatus>();
        services.AddSingleton<RelaySignal>();
        services.AddSingleton<DaprBulkPublisher>();
        services.AddSingleton<Relay>();
        services.AddHostedService<RelayService>();
        services.AddKeyedSingleton(OutboxTable.DataSourceKey, (provider, _) => OutboxTable.CreateDataSource(
            provider.GetRequiredService<IConfiguration>().GetConnectionString(PostgresExtensions.ConnectionStringName)!));
        services.AddHealthChecks().AddCheck<OutboxHealthCheck>("outbox", HealthStatus.Degraded);

        services.AddAccess();

        services.AddSingleton<HandlingStatus>();
        services.AddSingleton<DeadLetterRedriver>();
        services.AddSingleton<DeadLetterRetention>().AddHostedService(provider => provider.GetRequiredService<DeadLetterRetention>());
        services.AddSingleton<Subscriptions>();
        services.AddSingleton(typeof(EventProcessor<,>));
        services.AddHealthChecks().AddCheck<Subscriptions>("subscriptions", HealthStatus.Degraded)
            .AddCheck<HandlingStatus>("handlers", HealthStatus.Degraded);
        return builder;
    }
}
