using DaprOrders.Stack;

namespace DaprOrders.Cli.Contracts;

/// <summary>Generates the OpenAPI documents in contracts/http.</summary>
internal static class OpenApiDocuments
{
    /// <summary>Builds each service and writes the document that it prints.</summary>
    public static async Task WriteAsync(string contracts, CancellationToken cancellationToken)
    {
        foreach (var (appId, project) in Repository.Projects)
        {
            await Output.StepAsync($"Writing the OpenAPI document of {appId}", $"Wrote the OpenAPI document of {appId}", () => WriteAsync(contracts, appId, project, cancellationToken));
        }
    }

    private static async Task WriteAsync(string contracts, string appId, string project, CancellationToken cancellationToken)
    {
        await DotnetBuild.RunAsync(Path.Combine(Repository.Root, "services", appId), cancellationToken);
        var (exitCode, document) = await ProcessRunner.RunAsync(
            ["dotnet", Repository.Built(project, $"{project}.dll"), "--openapi"],
            Repository.Root, null, new Dictionary<string, string> { ["APP_ID"] = appId }, cancellationToken);
        if (exitCode is not 0)
        {
            throw new StackException($"{appId} did not print its OpenAPI document:\n{document.TrimEnd()}");
        }

        await File.WriteAllTextAsync(Path.Combine(contracts, "http", $"{appId}.openapi.json"), document, cancellationToken);
    }
}
