using DaprOrders.Stack;

namespace DaprOrders.Cli.Contracts;

/// <summary>Generates the OpenAPI documents in contracts/http.</summary>
internal static class OpenApiDocuments
{
    /// <summary>Builds each service and writes its document.</summary>
    public static async Task WriteAsync(string contracts, CancellationToken cancellationToken)
    {
        foreach (var appId in Repository.Projects.Keys)
        {
            await Output.StepAsync($"Writing the OpenAPI document of {appId}", $"Wrote the OpenAPI document of {appId}", async () =>
            {
                await DotnetBuild.RunAsync(Path.Combine(Repository.Root, "services", appId), cancellationToken);
                var document = await GenerateAsync(appId, cancellationToken);
                File.Copy(document, Path.Combine(contracts, "http", $"{appId}.openapi.json"), overwrite: true);
            });
        }
    }

    /// <summary>Lets the SDK write the document of a service that is built.</summary>
    /// <returns>The file, in artifacts.</returns>
    /// <exception cref="StackException">The service could not be started for its document.</exception>
    public static async Task<string> GenerateAsync(string appId, CancellationToken cancellationToken)
    {
        var project = Repository.Projects[appId];
        var artifacts = Path.Combine(Repository.Root, "artifacts");
        File.Delete(Path.Combine(artifacts, "obj", project, $"{project}.OpenApiFiles.cache")); // otherwise the SDK keeps a document that is newer than the build
        var (exitCode, output) = await ProcessRunner.RunAsync(
            [
                "dotnet", "msbuild", Path.Combine("services", appId), "-v:q", "-nodeReuse:false", "-t:GenerateOpenApiDocuments",
                $"-p:Configuration={Repository.Configuration}", "-p:OpenApiGenerateDocuments=true",
                $"-p:OpenApiDocumentsDirectory={Path.Combine(artifacts, "openapi")}", $"-p:OpenApiGenerateDocumentsOptions=--file-name {appId}",
            ],
            Repository.Root, null, new Dictionary<string, string> { ["APP_ID"] = appId }, cancellationToken);
        return exitCode is 0 ? Path.Combine(artifacts, "openapi", $"{appId}.json") : throw new StackException($"{appId} did not write its OpenAPI document:\n{output.TrimEnd()}");
    }
}
