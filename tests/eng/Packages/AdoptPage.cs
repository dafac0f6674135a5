using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Packages;

/// <summary>The files that docs/adopt.md shows. The line before a block names its files.</summary>
internal static partial class AdoptPage
{
    public static readonly string[] Services = ["billing", "shipping"];

    public static IEnumerable<(string Path, string Text)> Files() =>
        from block in Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/adopt.md")))
        from path in FileName().Matches(block.Groups[1].Value).Select(match => match.Groups[1].Value)
        select (path, WithTables(block.Groups[2].Value));

    /// <summary>Returns the page's run file with free ports, the built programs and the given databases.</summary>
    public static (string Text, IReadOnlyList<int> AppPorts) RunFile(string folder, IReadOnlyList<string> connectionStrings)
    {
        var text = Port().Replace(Files().Single(file => file.Path == "dapr.yaml").Text, match => $"{match.Groups[1].Value}: {FreePort.Take()}");
        var (program, database) = (0, 0);
        text = Command().Replace(text, _ => $"command: [dotnet, \"{Path.Combine(folder, "built", Services[program], Services[program++])}.dll\"]");
        text = Database().Replace(text, _ => $"ConnectionStrings__Database: {connectionStrings[database++]}");
        return (text, [.. AppPort().Matches(text).Select(match => int.Parse(match.Groups[1].Value, null))]);
    }

    /// <summary>Returns properties that let the machine's package cache be read but not written.</summary>
    public static string BuildProperties(string cache) =>
        $"""
        <Project>
          <PropertyGroup>
            <RestorePackagesPath>$(MSBuildThisFileDirectory)packages</RestorePackagesPath>
            <RestoreFallbackFolders Condition="Exists('{cache}')">{cache}</RestoreFallbackFolders>
          </PropertyGroup>
        </Project>
        """;

    /// <summary>Returns the configuration of NuGet, which adds the folder with the packages to the configured sources.</summary>
    public static string NuGetConfig(string feed) =>
        $"""
        <configuration>
          <packageSources>
            <add key="libraries" value="{feed}" />
          </packageSources>
        </configuration>
        """;

    /// <summary>Creates the tables without a migration, which needs the tool dotnet-ef.</summary>
    private static string WithTables(string text) => Run().Replace(
        text,
        """
        using (var scope = app.Services.CreateScope())
        {
            await scope.ServiceProvider.GetRequiredService<$1>().Database.EnsureCreatedAsync();
        }

        $0
        """);

    [GeneratedRegex("^(.*):\n\n```(?:csharp|xml|yaml)\n((?:(?!```).*\n)*)```$", RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"`([A-Za-z./]+\.(?:cs|csproj|yaml))`")]
    private static partial Regex FileName();

    [GeneratedRegex("(appPort|daprHTTPPort|daprGRPCPort): [0-9]+")]
    private static partial Regex Port();

    [GeneratedRegex("appPort: ([0-9]+)")]
    private static partial Regex AppPort();

    [GeneratedRegex(@"command: \[.*\]")]
    private static partial Regex Command();

    [GeneratedRegex("ConnectionStrings__Database: .*")]
    private static partial Regex Database();

    [GeneratedRegex(@"return await app\.RunServiceAsync<(\w+)>\(args\);")]
    private static partial Regex Run();
}
