using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DaprOrders.Messaging;

/// <summary>What a service gains.</summary>
public static class MessagingServices
{
    /// <summary>The name of the connection string of the service's own database.</summary>
    public const string ConnectionStringName = "Database";

    /// <summary>
    /// Adds the relay that publishes what <see cref="DbContextExtensions.Publish"/> wrote, over connections of its own to the database
    /// <c>ConnectionStrings:Database</c>. The context needs <see cref="WakeRelay"/> and the table of <see cref="DbContextExtensions.AddOutbox"/>.
    /// </summary>
    /// <param name="services">The services of the application.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddOutbox(this IServiceCollection services)
    {
        services.AddMessagingOptions();
        services.AddSingleton<RelaySignal>();
        services.AddSingleton<OutboxInterceptor>();
        services.AddSingleton<BulkPublisher>();
        services.AddSingleton<Relay>();
        services.AddHostedService<RelayService>();
        services.AddKeyedSingleton(OutboxTable.DataSourceKey, (provider, _) => OutboxTable.CreateDataSource(
            provider.GetRequiredService<IConfiguration>().GetConnectionString(ConnectionStringName)!));
        services.AddHealthChecks().AddCheck<OutboxHealthCheck>("outbox");
        return services;
    }

    /// <summary>Adds what <see cref="EventEndpoints.MapEvent"/> needs to handle events in transactions of <typeparamref name="TContext"/>.</summary>
    /// <typeparam name="TContext">The service's context, with the table of <see cref="DbContextExtensions.AddDeadLetters"/>.</typeparam>
    /// <param name="services">The services of the application.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddEventHandling<TContext>(this IServiceCollection services)
        where TContext : DbContext
    {
        services.AddMessagingOptions();
        services.TryAddScoped<DbContext>(provider => provider.GetRequiredService<TContext>());
        services.AddSingleton<FailureCounter>();
        services.AddSingleton<Redrive>();
        services.AddSingleton<Subscriptions>();
        services.AddSingleton(typeof(EventProcessor<,>));
        services.AddHealthChecks().AddCheck<Subscriptions>("subscriptions");
        return services;
    }

    /// <summary>Lets commits of this context wake the relay, if the service has one.</summary>
    /// <param name="options">The context's options.</param>
    /// <param name="provider">The services of the application.</param>
    public static void WakeRelay(this DbContextOptionsBuilder options, IServiceProvider provider)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (provider.GetService<OutboxInterceptor>() is { } interceptor)
        {
            options.AddInterceptors(interceptor);
        }
    }

    private static void AddMessagingOptions(this IServiceCollection services)
    {
        services.AddSidecarClient();
        services.TryAddSingleton<MessagingMetrics>();
        services.AddOptions<MessagingOptions>().BindConfiguration("Messaging").ValidateDataAnnotations().ValidateOnStart();
    }
}
