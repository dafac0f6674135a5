using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Registers the service's own PostgreSQL database.</summary>
public static class PostgresExtensions
{
    /// <summary>The name of the connection string of the service's database.</summary>
    public const string ConnectionStringName = "Database";

    /// <summary>
    /// More connections would not make PostgreSQL faster, and opening a hundred in a burst costs more than the burst. Connections are not reset
    /// when they return to the pool: nothing here leaves state in one, and PgBouncer does not support it. Statements are prepared when they are
    /// used again.
    /// </summary>
    private const string Defaults = "Maximum Pool Size=20;No Reset On Close=true;Max Auto Prepare=50;Auto Prepare Min Usages=2;";

    /// <summary>
    /// Registers the context with the connection string <c>ConnectionStrings:Database</c>, names in snake_case, and a health check. Transient
    /// database errors become 503. Migrations run when the service starts in Development, elsewhere with <c>--migrate</c> (see
    /// <see cref="RunServiceAsync"/>). The database must exist.
    /// </summary>
    /// <param name="builder">The application builder.</param>
    /// <param name="configure">Configures the context further, for example its seeding.</param>
    public static IHostApplicationBuilder AddPostgres<TContext>(
        this IHostApplicationBuilder builder, Action<DbContextOptionsBuilder>? configure = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(provider => NpgsqlDataSource.Create(ConnectionString(provider.GetRequiredService<IConfiguration>())));
        builder.Services.AddDbContextPool<TContext>((provider, options) =>
        {
            options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()).UseSnakeCaseNamingConvention();
            configure?.Invoke(options);
        });
        builder.Services.AddExceptionHandler<DatabaseExceptionHandler>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealthCheck>("database");
        builder.Services.AddSingleton<MigrationState>();
        builder.Services.AddSingleton<Migrator<TContext>>();
        if (builder.Environment.IsDevelopment())
        {
            builder.Services.AddHostedService(provider => provider.GetRequiredService<Migrator<TContext>>());
        }

        builder.Services.AddHostedService<DatabaseDefaultsCheck>();

        return builder;
    }

    /// <summary>Runs the service, or with <c>--migrate</c> only its migrations.</summary>
    /// <returns>The exit code: 1 if the database cannot be reached or refuses a migration, which the log explains; else 0.</returns>
    public static async Task<int> RunServiceAsync<TContext>(this WebApplication app, string[] args)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(app);
        if (args.Contains("--migrate"))
        {
            await using (app)
            {
                return await app.Services.GetRequiredService<Migrator<TContext>>().MigrateOnceAsync() ? 0 : 1;
            }
        }

        await app.RunAsync();
        return 0;
    }

    private static string ConnectionString(IConfiguration configuration) =>
        configuration.GetConnectionString(ConnectionStringName) is { Length: > 0 } connectionString
            ? Defaults + connectionString // the later of two values counts
            : throw new InvalidOperationException(
                "The connection string is missing. Set ConnectionStrings__Database.");
}
