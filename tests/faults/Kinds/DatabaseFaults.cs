namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Crashes PostgreSQL and fills its disk.</summary>
internal static class DatabaseFaults
{
    public static readonly FaultKind Crash = new("crash of PostgreSQL (pg_ctl stop -m immediate)", async context =>
    {
        await context.Stack.Postgres.CrashServerAsync();
        await context.PauseAsync(0.2, 1.5);
        await context.Stack.Postgres.StartServerAsync();
    });

    /// <summary>
    /// Fills the disk, which requires <see cref="DaprOrders.Stack.PostgresOptions.DiskMegabytes"/>. PostgreSQL may crash; it is restarted when the
    /// disk has space again.
    /// </summary>
    public static readonly FaultKind FullDisk = new("full disk of PostgreSQL", async context =>
    {
        await context.Stack.Postgres.FillDiskAsync();
        await context.PauseAsync(1, 2.5);
        await context.Stack.Postgres.FreeDiskAsync();
    });
}
