using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace DaprOrders.SaveThenPublish;

internal static class Tables
{
    /// <summary>The schema of the tables. The tables of the real services are in the same databases, in the schema public.</summary>
    public const string Schema = "save_then_publish";

    public static void AddDatabase<TContext>(this WebApplicationBuilder builder)
        where TContext : DbContext
    {
        // It uses the owner of the database for everything, because it creates its tables when it starts.
        var connectionString = builder.Configuration.GetConnectionString("Migrations") + ";Maximum Pool Size=20";
        builder.Services.AddDbContext<TContext>(options => options.UseNpgsql(connectionString).UseSnakeCaseNamingConvention());
    }

    /// <summary>Creates the tables if the schema does not exist. EnsureCreated would create nothing, because the databases contain other tables.</summary>
    public static async Task CreateTablesAsync<TContext>(this WebApplication app)
        where TContext : DbContext
    {
        await using var scope = app.Services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<TContext>().Database;
        var exists = await database.SqlQuery<bool>($"""SELECT to_regnamespace({Schema}) IS NOT NULL AS "Value" """).SingleAsync();
        if (!exists)
        {
            await database.GetService<IRelationalDatabaseCreator>().CreateTablesAsync();
        }
    }
}
