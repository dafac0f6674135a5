namespace DaprOrders.Stack;

/// <summary>Builds with the .NET SDK.</summary>
public static class DotnetBuild
{
    /// <summary>Builds a project or a solution. Leaves neither build nodes nor a compiler server behind.</summary>
    /// <exception cref="StackException">The build failed. The message has what it said.</exception>
    public static async Task RunAsync(string project, CancellationToken cancellationToken)
    {
        var (exitCode, output) = await Command.RunAsync(
            ["dotnet", "build", project, "-v", "q", "-clp:NoSummary", "-nodeReuse:false", "-p:UseSharedCompilation=false"],
            Repository.Root, null, null, cancellationToken);
        if (exitCode is not 0)
        {
            throw new StackException($"the build failed:\n{output.TrimEnd()}");
        }
    }
}
