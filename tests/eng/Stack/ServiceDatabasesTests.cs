using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Eng.Tests.Stack;

public sealed class ServiceDatabasesTests : IAsyncLifetime
{
    private PostgresCluster? _cluster;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PostgresCluster Cluster => _cluster!;

    public async ValueTask InitializeAsync() => _cluster = await PostgresCluster.StartAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    [Fact]
    public async Task Missing_roles_and_databases_are_created_only_once()
    {
        var databases = new ServiceDatabases(Logins(), Superuser());

        await databases.PrepareAsync(await ScriptAsync(), Cancel);
        await databases.PrepareAsync(await ScriptAsync(), Cancel);

        await using var connection = new NpgsqlConnection(Logins()["order"].ConnectionString);
        await connection.OpenAsync(Cancel);
    }

    [Fact]
    public async Task Role_with_another_password_is_an_error()
    {
        await Cluster.ExecuteAsync("CREATE ROLE orders LOGIN PASSWORD 'another'");

        var error = await Assert.ThrowsAsync<StackException>(async () => await new ServiceDatabases(Logins(), Superuser()).PrepareAsync(await ScriptAsync(), Cancel));

        Assert.Contains("refuses role orders on orders_db with the password in dapr.yaml", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_superuser_password_is_an_error_with_advice()
    {
        var superuser = Superuser();
        superuser.Password = "wrong";

        var error = await Assert.ThrowsAsync<StackException>(async () => await new ServiceDatabases(Logins(), superuser).PrepareAsync(await ScriptAsync(), Cancel));

        Assert.Contains("Set POSTGRES_PASSWORD to its password", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dropped_databases_are_created_empty()
    {
        var databases = new ServiceDatabases(Logins(), Superuser());
        await databases.PrepareAsync(await ScriptAsync(), Cancel);
        await Cluster.ExecuteAsync("COMMENT ON DATABASE orders_db IS 'old'");

        await databases.DropAsync(Cancel);
        await databases.PrepareAsync(await ScriptAsync(), Cancel);

        await using var source = NpgsqlDataSource.Create(Cluster.Superuser);
        await using var comment = source.CreateCommand("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'orders_db'");
        Assert.Equal(DBNull.Value, await comment.ExecuteScalarAsync(Cancel));
    }

    private static Task<string> ScriptAsync() => File.ReadAllTextAsync(Path.Combine(Repository.Root, "postgres", "init.sql"), Cancel);

    private NpgsqlConnectionStringBuilder Superuser() => new(Cluster.Superuser);

    private Dictionary<string, NpgsqlConnectionStringBuilder> Logins()
    {
        var file = RunFile.Read(Path.Combine(Repository.Root, "dapr.yaml"));
        file.UsePostgres(Cluster.Port);
        return file.Apps.Where(app => app.Database is not null).ToDictionary(app => app.AppId, app => app.Database!);
    }
}
