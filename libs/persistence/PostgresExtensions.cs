using DaprOrders.Messaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace DaprOrders.ServiceDefaults;

/// <summary>The service's own PostgreSQL database.</summary>
public static class Database
{
    /// <summary>
    /// More connections would not make PostgreSQL faster, and opening a hundred of them in a burst costs more than the burst itself. Resetting
    /// a connection at each return to the pool costs seven statements; nothing here leaves state in one. Statements are prepared when they
    /// come a second time, which spares PostgreSQL their parsing and planning. A plan is then kept, also one that was made while a table was
    /// small and reads all of it: hence no sequential scans where there is an index, and all that the services ask has one.
    /// </summary>
    private const string Defaults =
        "Maximum Pool Size=20;No Reset On Close=true;Max Auto Prepare=50;Auto Prepare Min Usages=2;Options=-c enable_seqscan=off;";

    /// <summary>
    /// Adds the context over the database <c>ConnectionStrings:Database</c>, names in snake_case. In Development the migrations run when the
    /// service starts; elsewhere they run by <c>--migrate</c> (see <see cref="RunServiceAsync"/>). The database itself must exist.
    /// </summary>
    /// <typeparam name="TContext">The context.</typeparam>
    /// <param name="builder">The application's builder.</param>
    /// <param name="configure">More options of the context, for example seeding.</param>
    public static void AddDatabase<TContext>(this WebApplicationBuilder builder, Action<DbContextOptionsBuilder>? configure = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(provider => NpgsqlDataSource.Create(ConnectionString(provider.GetRequiredService<IConfiguration>())));
        builder.Services.AddDbContextPool<TContext>((provider, options) =>
        {
            options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()).UseSnakeCaseNamingConvention();
            options.WakeRelay(provider);
            configure?.Invoke(options);
        });
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealthCheck>("database");
        builder.Services.AddSingleton<MigrationState>();
        builder.Services.AddSingleton<Migrator<TContext>>();
        if (builder.Environment.IsDevelopment())
        {
            builder.Services.AddHostedService(provider => provider.GetRequiredService<Migrator<TContext>>());
        }
    }

    /// <summary>
    /// Runs the service, or with <c>--migrate</c> only its migrations, or with <c>--openapi</c> only prints its OpenAPI document.
    /// </summary>
    /// <typeparam name="TContext">The context.</typeparam>
    /// <param name="app">The application.</param>
    /// <param name="args">The command line.</param>
    /// <returns>The exit status: 0, or 1 when the database cannot be reached or refuses a migration, with the reason in the log.</returns>
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

        return await app.RunServiceAsync(args);
    }

    private static string ConnectionString(IConfiguration configuration) =>
        configuration.GetConnectionString(MessagingServices.ConnectionStringName) is { Length: > 0 } connectionString
            ? Defaults + connectionString // of two values the later one counts
            : throw new InvalidOperationException(
                "The connection string is missing. Set ConnectionStrings__Database, as dapr.yaml does for every service.");
}
