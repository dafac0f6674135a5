using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Registers the PostgreSQL database of a service.</summary>
public static class PostgresExtensions
{
    /// <summary>The name of the connection string.</summary>
    public const string ConnectionStringName = "Database";

    /// <summary>The name of the connection string for migrations. Its role owns the schema, so that the role of the service cannot change it.</summary>
    public const string MigrationsConnectionStringName = "Migrations";

    /// <summary>The key of the data source for migrations.</summary>
    internal const string MigrationsKey = "migrations";

    /// <summary>
    /// The pool is small, because more connections do not make PostgreSQL faster, and opening a hundred at once takes longer than the work
    /// itself. Connections are not reset when they return to the pool: no code leaves state in them, and PgBouncer does not support the reset.
    /// A statement is prepared when it is used for the second time. The timeouts are short, because after a failover each connection to the old host
    /// blocks one request until its timeout.
    /// </summary>
    private const string Defaults =
        "Maximum Pool Size=20;No Reset On Close=true;Max Auto Prepare=50;Auto Prepare Min Usages=2;Timeout=5;Command Timeout=10;";

    /// <summary>
    /// Registers the context with the connection string <c>ConnectionStrings:Database</c>, snake_case names and a health check. The database must
    /// exist. In Development the migrations run at startup; in other environments they run with <c>--migrate</c> (see
    /// <see cref="RunServiceAsync"/>). They use <c>ConnectionStrings:Migrations</c> if it is set. A request that fails with a transient database error gets the response 503.
    /// </summary>
    /// <param name="builder">The application builder.</param>
    /// <param name="configure">Configures additional options of the context, for example seeding.</param>
    public static IHostApplicationBuilder AddPostgres<TContext>(
        this IHostApplicationBuilder builder, Action<DbContextOptionsBuilder>? configure = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(provider => CreateDataSource(ConnectionString(provider.GetRequiredService<IConfiguration>())));
        builder.Services.AddKeyedSingleton(MigrationsKey, (provider, _) =>
            MigrationsConnectionString(provider.GetRequiredService<IConfiguration>()) is { } connectionString
                ? CreateDataSource(Defaults + connectionString)
                : provider.GetRequiredService<NpgsqlDataSource>());
        builder.Services.AddDbContextPool<TContext>((provider, options) =>
        {
            options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()).UseSnakeCaseNamingConvention();
            configure?.Invoke(options);
        });
        builder.Services.AddExceptionHandler<DatabaseExceptionHandler>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealthCheck<TContext>>("database");
        builder.Services.AddSingleton<MigrationState>();
        builder.Services.AddSingleton<Migrator<TContext>>();
        if (builder.Environment.IsDevelopment())
        {
            builder.Services.AddHostedService(provider => provider.GetRequiredService<Migrator<TContext>>());
        }

        builder.Services.AddHostedService<DatabaseDefaultsCheck>();

        return builder;
    }

    /// <summary>Runs the service. With <c>--migrate</c> it only runs the migrations, and needs no other connection string than theirs.</summary>
    /// <returns>The exit code: 1 if the migrations fail, if other sessions lock a table for 60 s, or if a setting is not valid, which is logged; otherwise 0.</returns>
    public static async Task<int> RunServiceAsync<TContext>(this WebApplication app, string[] args)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(app);
        if (args.Contains("--migrate"))
        {
            if (MigrationsConnectionString(app.Configuration) is { } connectionString)
            {
                app.Configuration[$"ConnectionStrings:{ConnectionStringName}"] = connectionString;
            }

            await using (app)
            {
                return await app.Services.GetRequiredService<Migrator<TContext>>().MigrateOnceAsync() ? 0 : 1;
            }
        }

        return await app.RunUntilStoppedAsync();
    }

    private static NpgsqlDataSource CreateDataSource(string connectionString) => new NpgsqlDataSourceBuilder(connectionString).TraceWithinSpans().Build();

    private static string ConnectionString(IConfiguration configuration) =>
        configuration.GetConnectionString(ConnectionStringName) is { Length: > 0 } connectionString
            ? Defaults + connectionString // the connection string overrides the defaults
            : throw new InvalidOperationException(
                "The connection string is missing. Set ConnectionStrings__Database.");

    private static string? MigrationsConnectionString(IConfiguration configuration) =>
        configuration.GetConnectionString(MigrationsConnectionStringName) is { Length: > 0 } connectionString ? connectionString : null;
}
