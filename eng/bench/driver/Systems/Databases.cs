using DaprOrders.Bench.Report;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Bench.Systems;

/// <summary>The databases of a system, with a few connections whose cost counts as load.</summary>
internal sealed class Databases : IAsyncDisposable
{
    private const string Name = "dapr-orders-bench";

    /// <summary>The stock of every item. It is far more than any load uses, so that no order is rejected.</summary>
    private const int Stock = 1_000_000_000;

    /// <summary>The schema of the services of this repository.</summary>
    public const string Public = "public";

    private readonly NpgsqlDataSource _superuser;
    private readonly string _schema;

    public Databases(StackHost stack, string schema)
    {
        _schema = schema;
        _superuser = Open(stack.Postgres.Superuser);
        Orders = Open(stack.OwnerConnectionString("orders_db"));
        Inventory = Open(stack.OwnerConnectionString("inventory_db"));
        Notifications = Open(stack.OwnerConnectionString("notification_db"));

        // The same few connections until the end, so that their processes can be told apart from those of the services.
        static NpgsqlDataSource Open(string connection) => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection)
        {
            ApplicationName = Name,
            MaxPoolSize = 2,
            ConnectionIdleLifetime = 3600,
            CommandTimeout = 0,
        });
    }

    public NpgsqlDataSource Orders { get; }

    public NpgsqlDataSource Inventory { get; }

    public NpgsqlDataSource Notifications { get; }

    private IEnumerable<(string Name, NpgsqlDataSource Source)> All => [("orders", Orders), ("inventory", Inventory), ("notification", Notifications)];

    /// <summary>Gets whether the inventory stores reservations. Services as in tutorials do not.</summary>
    public bool HasReservations => _schema == Public;

    /// <summary>Returns a table with its schema.</summary>
    public string Table(string name) => $"{_schema}.{name}";

    /// <summary>Sets the stock of every item, and writes a checkpoint, so that none runs during the measurement.</summary>
    public async Task PrepareAsync(bool hasStock)
    {
        if (hasStock)
        {
            await ExecuteAsync(Inventory, $"UPDATE {Table("stock")} SET initial = {Stock}, available = {Stock}");
        }

        await ExecuteAsync(_superuser, "CHECKPOINT");
    }

    /// <summary>Returns the processes of the connections of this program.</summary>
    public async Task<IReadOnlyList<int>> FindBackendsAsync()
    {
        foreach (var (_, source) in All)
        {
            await ExecuteAsync(source, "SELECT 1");
        }

        await using var command = _superuser.CreateCommand($"SELECT pid FROM pg_stat_activity WHERE application_name = '{Name}'");
        await using var reader = await command.ExecuteReaderAsync();
        var backends = new List<int>();
        while (await reader.ReadAsync())
        {
            backends.Add(reader.GetInt32(0));
        }

        return backends;
    }

    /// <summary>Returns the version of PostgreSQL.</summary>
    public async Task<string> ReadVersionAsync() => $"{await ScalarAsync(_superuser, "SHOW server_version")}".Split(' ')[0];

    /// <summary>
    /// Reads figures that only grow: bytes of the write-ahead log, page images in it, transactions, and the size of each table and index. PostgreSQL
    /// may add transactions up to a second late. It is not asked for statements, because counting them (pg_stat_statements) costs CPU time.
    /// </summary>
    public async Task<Dictionary<string, double>> ReadFiguresAsync()
    {
        var figures = new Dictionary<string, double>
        {
            [Counter.WalBytes] = Convert.ToDouble(await ScalarAsync(_superuser, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"), null),
            [Counter.PageImages] = Convert.ToDouble(await ScalarAsync(_superuser, "SELECT wal_fpi FROM pg_stat_wal"), null),
            [Counter.Transactions] = Convert.ToDouble(await ScalarAsync(_superuser, "SELECT sum(xact_commit) FROM pg_stat_database WHERE datname LIKE '%\\_db'"), null),
        };
        foreach (var (name, source) in All)
        {
            await using var command = source.CreateCommand(
                $"SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relnamespace = '{_schema}'::regnamespace AND relkind IN ('r', 'i')");
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                figures[$"{Counter.Disk}{name}.{reader.GetString(0)}"] = reader.GetInt64(1);
            }
        }

        return figures;
    }

    public static async Task<object?> ScalarAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in All.Select(database => database.Source).Append(_superuser))
        {
            await source.DisposeAsync();
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
