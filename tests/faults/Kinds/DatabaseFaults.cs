namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Crashes PostgreSQL and fills its disk.</summary>
internal static class DatabaseFaults
{
    public static readonly FaultKind Crash = new("pg_ctl stop -m immediate of PostgreSQL", async context =>
    {
        await context.Stack.Postgres.CrashServerAsync();
        await context.PauseAsync(0.2, 1.5);
        await context.Stack.Postgres.StartServerAsync();
    });

    /// <summary>Needs <see cref="DaprOrders.Stack.PostgresOptions.DiskMegabytes"/>. PostgreSQL may panic; it is started again when there is space.</summary>
    public static readonly FaultKind FullDisk = new("disk of PostgreSQL full", async context =>
    {
        await context.Stack.Postgres.FillDiskAsync();
        await context.PauseAsync(1, 2.5);
        await context.Stack.Postgres.FreeDiskAsync();
    });
}
