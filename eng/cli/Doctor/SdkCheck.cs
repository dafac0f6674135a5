using DaprOrders.Stack;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks what a build needs: the SDK, and a folder in which it can build.</summary>
internal static class SdkCheck
{
    private const string Sdk = "SDK";
    private const string Folder = "Folder";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static readonly string Install = OperatingSystem.IsWindows()
        ? "winget install Microsoft.DotNet.SDK.10"
        : "curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0";

    public static async Task<IReadOnlyList<Finding>> RunAsync(string root, CancellationToken cancellationToken) =>
        [await FindSdkAsync(root, cancellationToken), TryFolder(root)];

    private static async Task<Finding> FindSdkAsync(string root, CancellationToken cancellationToken)
    {
        if (SearchPath.Find("dotnet") is null)
        {
            return new Finding(Severity.Failure, Sdk, $"dotnet is not on PATH; install the .NET SDK 10 with: {Install}");
        }

        // It obeys global.json.
        var (exitCode, output) = await ProcessRunner.RunAsync(["dotnet", "--version"], root, Limit, null, cancellationToken);
        return exitCode is 0
            ? new Finding(Severity.Ok, Sdk, $".NET SDK {output.Trim()}")
            : new Finding(Severity.Failure, Sdk, $"there is no .NET SDK as global.json asks for; install it with: {Install}");
    }

    private static Finding TryFolder(string root)
    {
        if (root.IndexOfAny(['%', ';']) >= 0)
        {
            var move = OperatingSystem.IsWindows() ? $"move \"{root}\" \"%USERPROFILE%\\DaprOrders\"" : $"mv '{root}' ~/DaprOrders";
            return new Finding(Severity.Failure, Folder, $"the SDK cannot build in {root}, as the path has a % or a ;. Move the clone with: {move}");
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
