namespace DaprOrders.Stack;

/// <summary>Installs PostgreSQL for root on Debian. On other systems the error names the command that installs it.</summary>
public static class PostgresInstaller
{
    // Prevents the package from creating and starting its own cluster on port 5432.
    private const string NoCluster = "/etc/postgresql-common/createcluster.d/dapr-orders.conf";

    /// <exception cref="StackException">PostgreSQL cannot be installed. The message says what to do.</exception>
    public static async Task InstallAsync(Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (!DebianPackages.CanInstall)
        {
            throw new StackException(PostgresPrograms.Advice);
        }

        report("Installing PostgreSQL ...");
        Directory.CreateDirectory(Path.GetDirectoryName(NoCluster)!);
        await File.WriteAllTextAsync(NoCluster, "create_main_cluster = false\n", cancellationToken);
        try
        {
            await DebianPackages.InstallAsync("postgresql", cancellationToken);
            if (PostgresPrograms.Find() is null)
            {
                throw new StackException("PostgreSQL is installed, but its programs were not found.");
            }
        }
        finally
        {
            File.Delete(NoCluster);
        }
    }
}
