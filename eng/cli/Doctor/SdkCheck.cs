using DaprOrders.Stack;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks that the SDK is installed and can build in this folder.</summary>
internal static class SdkCheck
{
    private const string Sdk = "SDK";
    private const string Folder = "Folder";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private static readonly string Install = OperatingSystem.IsWindows()
        ? "winget install Microsoft.DotNet.SDK.10"
        : "curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0";

    public static async Task<IReadOnlyList<Finding>> RunAsync(string root, CancellationToken cancellationToken) =>
        [await CheckSdkAsync(root, cancellationToken), CheckFolder(root)];

    private static async Task<Finding> CheckSdkAsync(string root, CancellationToken cancellationToken)
    {
        if (SearchPath.Find("dotnet") is null)
        {
            return new Finding(Severity.Failure, Sdk, $"dotnet is not on PATH; install the .NET SDK 10 with: {Install}");
        }

        // The command fails if no installed SDK matches global.json.
        var (exitCode, output) = await ProcessRunner.RunAsync(["dotnet", "--version"], root, Timeout, null, cancellationToken);
        return exitCode is 0
            ? new Finding(Severity.Ok, Sdk, $".NET SDK {output.Trim()}")
            : new Finding(Severity.Failure, Sdk, $"no installed .NET SDK matches global.json; install one with: {Install}");
    }

    private static Finding CheckFolder(string root)
    {
        if (root.IndexOfAny(['%', ';']) >= 0)
        {
            var move = OperatingSystem.IsWindows() ? $"move \"{root}\" \"%USERPROFILE%\\DaprOrders\"" : $"mv '{root}' ~/DaprOrders";
            return new Finding(Severity.Failure, Folder, $"the SDK cannot build in {root}, because the path has a % or a ;. Move the clone with: {move}");
        }

        try
        {
            var data = Directory.CreateDirectory(Path.Combine(root, ".dapr-orders")).FullName;
            foreach (var folder in (string[])[root, data])
            {
                File.Create(Path.Combine(folder, $".doctor-{Environment.ProcessId}"), 1, FileOptions.DeleteOnClose).Dispose();
            }

            return new Finding(Severity.Ok, Folder, root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var user = Environment.UserName;
            var allow = OperatingSystem.IsWindows() ? $"icacls \"{root}\" /grant \"{user}:(OI)(CI)F\" /T" : $"sudo chown -R {user} '{root}'";
            return new Finding(Severity.Failure, Folder, $"{user} cannot write to {root}; change that with: {allow}");
        }
    }
}
