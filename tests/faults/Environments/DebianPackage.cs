using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Environments;

/// <summary>Installs what a test needs from Debian, or skips the test.</summary>
internal static class DebianPackage
{
    /// <summary>Returns a file of a package, and installs the package if the file is missing.</summary>
    public static async Task<string> FindFileAsync(string package, params string[] candidates)
    {
        if (!Array.Exists(candidates, File.Exists))
        {
            Assert.SkipUnless(DebianPackages.CanInstall, $"{package} is not installed, and only root on Debian can install it.");
            await DebianPackages.InstallAsync(package, TestContext.Current.CancellationToken);
        }

        return Array.Find(candidates, File.Exists) ?? throw new FileNotFoundException($"{package} has none of {string.Join(", ", candidates)}");
    }
}
