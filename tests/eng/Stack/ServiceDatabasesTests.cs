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
        var databases = new ServiceDatabases(Databases(), Superuser());

        await databases.PrepareAsync(await ScriptAsync(), Cancel);
        await databases.PrepareAsync(await ScriptAsync(), Cancel);

        await using var connection = new NpgsqlConnection(Databases()["order"].Service.ConnectionString);
        await connection.OpenAsync(Cancel);
    }

    [Fact]
    public async Task Role_with_another_password_is_an_error()
    {
        await Cluster.ExecuteAsync("CREATE ROLE orders LOGIN PASSWORD 'another'");

        var error = await Assert.ThrowsAsync<StackException>(async () => await new ServiceDatabases(Databases(), Superuser()).PrepareAsync(await ScriptAsync(), Cancel));

        Assert.Contains("refuses role orders on orders_db with the password in dapr.yaml", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_superuser_password_is_an_error_with_advice()
    {
        var superuser = Superuser();
        superuser.Password = "wrong";

        var error = await Assert.ThrowsAsync<StackException>(async () => await new ServiceDatabases(Databases(), superuser).PrepareAsync(await ScriptAsync(), Cancel));

        Assert.Contains("Set POSTGRES_PASSWORD to its password", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dropped_databases_are_created_empty()
    {
        var databases = new ServiceDatabases(Databases(), Superuser());
        await databases.PrepareAsync(await ScriptAsync(), Cancel);
        await Cluster.ExecuteAsync("COMMENT ON DATABASE orders_db IS 'old'");

        await databases.DropAsync(Cancel);
        await databases.PrepareAsync(await ScriptAsync(), Cancel);

        await using var source = NpgsqlDataSource.Create(Cluster.Superuser);
        await using var comment = source.CreateCommand("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'orders_db'");
        Assert.Equal(DBNull.Value, await comment.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task Tables_of_an_older_database_get_the_new_owner_and_keep_their_rows()
    {
        await CreateOldDatabasesAsync();

        await new ServiceDatabases(Databases(), Superuser()).PrepareAsync(await ScriptAsync(), Cancel);

        var (service, owner) = Databases()["order"];
        Assert.Equal(2L, await ExecuteAsync(service, "SELECT count(*) FROM orders"));
        Assert.Equal(
            "items orders_owner, numbers orders_owner, orders orders_owner, orders_id_seq orders_owner, orders_pkey orders_owner",
            await ExecuteAsync(
                service,
                """
                SELECT string_agg(relname || ' ' || pg_get_userbyid(relowner), ', ' ORDER BY relname)
                FROM pg_class WHERE relnamespace = 'public'::regnamespace
                """));
        Assert.Equal("orders_owner", await ExecuteAsync(service, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"));
        Assert.Equal(3, await ExecuteAsync(service, "INSERT INTO orders (item_id) VALUES ('item-3') RETURNING id"));
        Assert.Equal(1L, await ExecuteAsync(service, "SELECT nextval('numbers')"));
        await ExecuteAsync(owner!, "CREATE TABLE later (id integer GENERATED ALWAYS AS IDENTITY); ALTER TABLE orders ADD COLUMN note text");
        Assert.Equal(1, await ExecuteAsync(service, "INSERT INTO later DEFAULT VALUES RETURNING id"));
    }

    [Fact]
    public async Task Other_database_of_the_role_of_a_service_is_not_changed()
    {
        await CreateOldDatabasesAsync();
        await Cluster.ExecuteAsync("CREATE DATABASE other OWNER orders");

        await new ServiceDatabases(Databases(), Superuser()).PrepareAsync(await ScriptAsync(), Cancel);

        var other = new NpgsqlConnectionStringBuilder(Databases()["order"].Service.ConnectionString) { Database = "other" };
        await ExecuteAsync(other, "CREATE TABLE mine ()");
    }

    [Fact]
    public async Task Conversion_that_was_interrupted_is_completed_by_the_next_run()
    {
        await CreateOldDatabasesAsync();
        var databases = new ServiceDatabases(Databases(), Superuser());
        await databases.PrepareAsync((await ScriptAsync()).Split("\n\\connect inventory_db")[0], Cancel);
        Assert.Equal(["inventory_db", "notification_db"], await databases.OldLayoutsAsync(Cancel));

        await databases.PrepareAsync(await ScriptAsync(), Cancel);

        Assert.Empty(await databases.OldLayoutsAsync(Cancel));
    }

    [Fact]
    public async Task Psql_prepares_older_databases_in_the_same_way()
    {
        await CreateOldDatabasesAsync();

        await Cluster.RunScriptAsync(Path.Combine(Repository.Root, "postgres", "init.sql"));

        Assert.Empty(await new ServiceDatabases(Databases(), Superuser()).OldLayoutsAsync(Cancel));
        Assert.Equal(2L, await ExecuteAsync(Databases()["order"].Service, "SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData("CREATE TABLE other ()")]
    [InlineData("CREATE TEMPORARY TABLE other ()")]
    [InlineData("CREATE SCHEMA other")]
    [InlineData("DROP TABLE orders")]
    [InlineData("ALTER TABLE orders ADD COLUMN note text")]
    [InlineData("TRUNCATE orders")]
    [InlineData("ALTER DATABASE orders_db SET lock_timeout = 0")]
    public async Task Role_of_a_service_cannot_change_the_schema(string sql)
    {
        await CreateOldDatabasesAsync();
        await new ServiceDatabases(Databases(), Superuser()).PrepareAsync(await ScriptAsync(), Cancel);

        var error = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(Databases()["order"].Service, sql));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
    }

    private static Task<string> ScriptAsync() => File.ReadAllTextAsync(Path.Combine(Repository.Root, "postgres", "init.sql"), Cancel);

    private NpgsqlConnectionStringBuilder Superuser() => new(Cluster.Superuser);

    private IReadOnlyDictionary<string, ServiceDatabase> Databases()
    {
        var file = RunFile.Read(Path.Combine(Repository.Root, "dapr.yaml"));
        file.UsePostgres(Cluster.Port);
        return file.Databases;
    }

    /// <summary>Creates the databases as earlier versions did: the role of each service owns its database and everything in it.</summary>
    private async Task CreateOldDatabasesAsync()
    {
        foreach (var (service, _) in Databases().Values)
        {
            await Cluster.ExecuteAsync($"CREATE ROLE {service.Username} LOGIN PASSWORD '{service.Password}'");
            await Cluster.ExecuteAsync($"CREATE DATABASE {service.Database} OWNER {service.Username}");
        }

        await ExecuteAsync(
            Databases()["order"].Service,
            """
            CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item_id text);
            CREATE SEQUENCE numbers;
            CREATE VIEW items AS SELECT item_id FROM orders;
            CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
            INSERT INTO orders (item_id) VALUES ('item-1'), ('item-2')
            """);
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnectionStringBuilder login, string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(login.ConnectionString) { Pooling = false });
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancel);
    }
}
