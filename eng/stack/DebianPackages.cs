namespace DaprOrders.Stack;

/// <summary>Installs packages for root on Debian.</summary>
public static class DebianPackages
{
    /// <summary>Gets whether this user can install packages on this machine.</summary>
    public static bool CanInstall => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && SearchPath.Find("apt-get") is not null;

    /// <summary>Installs a package without the packages that it only recommends.</summary>
    /// <exception cref="StackException">The package cannot be installed. The message contains the output of apt-get.</exception>
    public static async Task InstallAsync(string package, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" };
        await ProcessRunner.RunAsync(["apt-get", "update"], "/", null, environment, cancellationToken);
        // Not canceled, because an interrupted dpkg leaves a broken installation.
        var (exitCode, output) = await ProcessRunner.RunAsync(
            ["apt-get", "-o", "Dpkg::Use-Pty=0", "install", "-y", "--no-install-recommends", package],
            "/", null, environment, CancellationToken.None);
        if (exitCode is not 0)
        {
            throw new StackException($"{output.TrimEnd()}\n{package} could not be installed; try: apt-get update && apt-get install {package}");
        }
    }
}
