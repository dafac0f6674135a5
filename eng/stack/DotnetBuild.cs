namespace DaprOrders.Stack;

/// <summary>Builds with the .NET SDK, without build nodes or a compiler server that would keep running afterwards.</summary>
public static class DotnetBuild
{
    private static readonly string[] Quiet = ["-v", "q", "-clp:NoSummary", "-nodeReuse:false", "-p:UseSharedCompilation=false"];

    /// <summary>Builds a project or a solution.</summary>
    /// <exception cref="StackException">The build failed. The message contains its output.</exception>
    public static Task RunAsync(string project, CancellationToken cancellationToken, params string[] options) =>
        RunAsync("build", project, options, cancellationToken);

    /// <summary>Publishes a project.</summary>
    /// <exception cref="StackException">The build failed. The message contains its output.</exception>
    public static Task PublishAsync(string project, CancellationToken cancellationToken, params string[] options) =>
        RunAsync("publish", project, options, cancellationToken);

    private static async Task RunAsync(string verb, string project, string[] options, CancellationToken cancellationToken)
    {
        var (exitCode, output) = await ProcessRunner.RunAsync(
            ["dotnet", verb, project, .. Quiet, .. options], Repository.Root, null, null, cancellationToken);
        if (exitCode is not 0)
        {
            throw new StackException($"the build of {project} failed:\n{output.TrimEnd()}");
        }
    }
}
