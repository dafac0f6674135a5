namespace DaprOrders.Stack;

/// <summary>Installs PostgreSQL for root on Debian. On other systems the error names the command that installs it.</summary>
public static class PostgresInstaller
{
    // Prevents the package from creating and starting its own cluster on port 5432.
    private const string NoCluster = "/etc/postgresql-common/createcluster.d/dapr-orders.conf";

    /// <summary>Gets whether this user can install PostgreSQL on this machine.</summary>
    public static bool IsPossible => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && SearchPath.Find("apt-get") is not null;

    /// <exception cref="StackException">PostgreSQL cannot be installed. The message says what to do.</exception>
    public static async Task InstallAsync(Action<string> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (!IsPossible)
        {
            throw new StackException(PostgresPrograms.Advice);
        }

        report("Installing PostgreSQL ...");
        Directory.CreateDirectory(Path.GetDirectoryName(NoCluster)!);
        await File.WriteAllTextAsync(NoCluster, "create_main_cluster = false\n", cancellationToken);
        try
        {
            var environment = new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" };
            await ProcessRunner.RunAsync(["apt-get", "update"], "/", null, environment, cancellationToken);
            // Not canceled, because an interrupted dpkg leaves a broken installation.
            var (exitCode, output) = await ProcessRunner.RunAsync(
                ["apt-get", "-o", "Dpkg::Use-Pty=0", "install", "-y", "--no-install-recommends", "postgresql"], "/", null, environment, CancellationToken.None);
            if (exitCode is not 0 || PostgresPrograms.Find() is null)
            {
                throw new StackException($"{output.TrimEnd()}\nPostgreSQL could not be installed; try: apt-get update && apt-get install postgresql");
            }
        }
        finally
        {
            File.Delete(NoCluster);
        }
    }
}
