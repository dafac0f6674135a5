using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Crashes PostgreSQL, fills its disk, makes it read-only, and refuses connections.</summary>
internal static class DatabaseFaults
{
    private static readonly string[] Databases = ["orders_db", "inventory_db", "notification_db"];

    public static readonly FaultKind Crash = new()
    {
        Name = "crash of PostgreSQL (pg_ctl stop -m immediate)",
        Draw = Draws.Everything(0.2, 1.5),
        InflictAsync = async (context, parameters) =>
        {
            await context.Stack.Postgres.CrashServerAsync();
            await Task.Delay(parameters.Duration);
            await context.Stack.Postgres.StartServerAsync();
        },
    };

    /// <summary>
    /// Fills the disk, which requires <see cref="PostgresOptions.DiskMegabytes"/>. PostgreSQL may crash; it is restarted when the disk has space
    /// again.
    /// </summary>
    public static readonly FaultKind FullDisk = new()
    {
        Name = "full disk of PostgreSQL",
        Draw = Draws.Everything(1, 2.5),
        WhyNot = environment => environment.CanMount ? null : "Only root can mount a small disk.",
        InflictAsync = async (context, parameters) =>
        {
            await context.Stack.Postgres.FillDiskAsync();
            await Task.Delay(parameters.Duration);
            await context.Stack.Postgres.FreeDiskAsync();
        },
    };

    /// <summary>Makes all databases read-only, as a failover to a standby does.</summary>
    public static readonly FaultKind ReadOnly = new()
    {
        Name = "database read-only for 20 s",
        IsLong = true,
        Draw = Draws.Everything(20, 20),
        InflictAsync = async (context, parameters) =>
        {
            await ConfigureAsync("SET default_transaction_read_only = on");
            await Task.Delay(parameters.Duration);
            await ConfigureAsync("RESET default_transaction_read_only");

            async Task ConfigureAsync(string setting)
            {
                await context.Stack.Postgres.ExecuteAsync($"ALTER SYSTEM {setting}");
                await context.Stack.Postgres.ExecuteAsync("SELECT pg_reload_conf()");
            }
        },
    };

    /// <summary>Ends the connections of one service and refuses new ones with the error of a full server (53300).</summary>
    public static readonly FaultKind ConnectionLimit = new()
    {
        Name = "connection limit reached",
        Draw = Draws.OneOf(Databases, 2, 5),
        InflictAsync = async (context, parameters) =>
        {
            var database = parameters.Target;
            await LimitConnectionsAsync(0);
            await context.Stack.Postgres.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
            await Task.Delay(parameters.Duration);
            await LimitConnectionsAsync(-1);

            Task LimitConnectionsAsync(int limit) => context.Stack.Postgres.ExecuteAsync($"ALTER DATABASE {database} CONNECTION LIMIT {limit}");
        },
    };
}
