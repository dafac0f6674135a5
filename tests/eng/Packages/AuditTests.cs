using DaprOrders.Stack;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace DaprOrders.Eng.Tests.Packages;

/// <summary>Builds a project with the build settings of the repository while NuGet's list of vulnerabilities contains one of its packages.</summary>
[Trait("Form", "scripts")]
public sealed class AuditTests : IDisposable
{
    private static readonly TimeSpan BuildTimeout = TimeSpan.FromMinutes(5);

    private readonly string _folder = Ownership.CreateFolder("audit");
    private readonly WireMockServer _server = WireMockServer.Start(FreePort.Take());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory(Explicit = true)]
    [InlineData("0", "NU1901")]
    [InlineData("3", "NU1904")]
    public async Task Vulnerable_package_warns_and_does_not_break_the_build(string severity, string warning)
    {
        Serve("/index.json", $$"""{"version":"3.0.0","resources":[{"@id":"{{_server.Url}}/list.json","@type":"VulnerabilityInfo/6.7.0"}]}""");
        Serve("/list.json", $$"""[{"@name":"base","@id":"{{_server.Url}}/base.json","@updated":"2026-11-01T00:00:00Z","comment":"all"}]""");
        Serve(
            "/base.json",
            $$"""{"microsoft.extensions.logging.abstractions":[{"severity":{{severity}},"url":"https://example.com/advisory","versions":"(, 100.0.0)"}]}""");
        foreach (var file in new[] { "Directory.Build.props", "Directory.Packages.props" })
        {
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(_folder, file));
        }

        await WriteAsync(
            "nuget.config",
            $"""<configuration><auditSources><clear /><add key="test" value="{_server.Url}/index.json" allowInsecureConnections="true" /></auditSources></configuration>""");
        await WriteAsync("Empty.cs", "namespace Audited;\n\ninternal static class Empty;\n");
        // The package is a dependency of Npgsql, so the audit must include packages that are not referenced directly.
        await WriteAsync("Audited.csproj", """<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><PackageReference Include="Npgsql" /></ItemGroup></Project>""");

        var (exitCode, output) = await ProcessRunner.RunAsync(
            ["dotnet", "build", "-nodeReuse:false", "-p:UseSharedCompilation=false"], _folder, BuildTimeout, environment: null, Cancel);

        Assert.True(exitCode == 0, output);
        Assert.Contains($"warning {warning}", output, StringComparison.Ordinal);
    }

    private void Serve(string path, string json) => _server.Given(Request.Create().WithPath(path))
        .RespondWith(Response.Create().WithStatusCode(200).WithHeader("Content-Type", "application/json").WithBody(json));

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(_folder, name), text, Cancel);
}
