using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Stack;

public sealed class RunFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapr-orders-runfile-").FullName;

    public static TheoryData<string, string, string> SameYaml => new()
    {
        { "double quotes", "ConnectionStrings__Database: Host=", "ConnectionStrings__Database: \"Host=" },
        { "keywords in another order", "Port=5433;Database=orders_db", "Database=orders_db;Port=5433" },
        { "a list in block style", "  resourcesPaths: [./components/common, ./components/kafka]", "  resourcesPaths:\n  - ./components/common\n  - ./components/kafka" },
        { "CRLF", "\n", "\r\n" },
        { "a comment with a bracket", "./components/kafka]", "./components/kafka] # was [redis]" },
        { "an anchor", "  env:\n    ASPNETCORE_ENVIRONMENT: Development", "  env: &development\n    ASPNETCORE_ENVIRONMENT: Development" },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(SameYaml))]
    public void Equivalent_YAML_styles_are_read_the_same_way(string style, string text, string replacement)
    {
        var original = File.ReadAllText(Path.Combine(Repository.Root, "dapr.yaml"));
        var changed = original.Replace(text, replacement, StringComparison.Ordinal);
        if (style == "double quotes")
        {
            changed = string.Join('\n', changed.Split('\n').Select(line => line.Contains("\"Host", StringComparison.Ordinal) ? $"{line}\"" : line));
        }

        Assert.NotEqual(original, changed);
        Assert.Equal(Describe(Read(original)), Describe(Read(changed)));
    }

    [Fact]
    public void Numbers_stay_numbers_and_the_environment_stays_text()
    {
        var text = Read("""
            version: 1
            common: {resourcesPaths: [./components/kafka], enableApiLogging: true, placementHostAddress: "", schedulerHostAddress: " "}
            apps: [{appID: a, appDirPath: ., appPort: 1, daprHTTPPort: 2, daprGRPCPort: 3, env: {A: "8000", B: "1.10", C: "true"}}]
            """).ToString().ReplaceLineEndings("\n");

        Assert.Contains("version: 1\n", text, StringComparison.Ordinal);
        Assert.Contains("enableApiLogging: true\n", text, StringComparison.Ordinal);
        Assert.Contains("placementHostAddress: \"\"\n", text, StringComparison.Ordinal);
        Assert.Contains("schedulerHostAddress: \" \"\n", text, StringComparison.Ordinal);
        Assert.Contains("appPort: 1\n", text, StringComparison.Ordinal);
        Assert.Contains("A: \"8000\"\n", text, StringComparison.Ordinal);
        Assert.Contains("B: \"1.10\"\n", text, StringComparison.Ordinal);
        Assert.Contains("C: \"true\"\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Aliases_are_resolved()
    {
        var file = Read("""
            version: 1
            common: {resourcesPaths: [./components/kafka]}
            apps:
            - {appID: a, appDirPath: ., appPort: 1, daprHTTPPort: 2, daprGRPCPort: 3, env: &env {ConnectionStrings__Database: Host=h;Database=d}}
            - {appID: b, appDirPath: ., appPort: 4, daprHTTPPort: 5, daprGRPCPort: 6, env: *env}
            """);

        Assert.Equal(["d", "d"], file.Apps.Select(app => app.Database!.Database!));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a: [", "this is not valid YAML")]
    [InlineData("a: [\n  b: c\nd: e", "this is not valid YAML; look for a bracket that is not closed")]
    [InlineData("- a", "this is not valid YAML")]
    [InlineData("apps: []", "'common' must be a mapping")]
    [InlineData("common: {}\napps: 5", "'apps' must be a list of mappings")]
    [InlineData("common: {}\napps: [{appID: a}]", "common.resourcesPaths must be a list of folders")]
    [InlineData("common: {resourcesPaths: [a]}\napps: [{appDirPath: a}]", "every app needs an appID")]
    [InlineData("common: {resourcesPaths: [a]}\napps: [{appID: a}]", "app a needs an appDirPath")]
    [InlineData("common: {resourcesPaths: [a]}\napps: [{appID: a, appDirPath: .}]", "appPort of app a is ''; it must be a port")]
    [InlineData("common: {resourcesPaths: [a]}\napps: [{appID: a, appDirPath: ., appPort: 70000}]", "appPort of app a is '70000'; it must be a port")]
    [InlineData(
        "common: {resourcesPaths: [a]}\napps: [{appID: a, appDirPath: ., appPort: 1, daprHTTPPort: 2, daprGRPCPort: 3, env: {ConnectionStrings__Database: no}}]",
        "ConnectionStrings__Database of app a is not a connection string")]
    public void Run_file_that_cannot_be_used_is_refused_with_the_reason(string text, string reason)
    {
        var error = Assert.Throws<StackException>(() => Read(text));

        Assert.Contains("dapr.yaml", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_file_that_is_missing_is_refused() =>
        Assert.Contains("cannot be read", Assert.Throws<StackException>(() => RunFile.Read(Path.Combine(_folder, "none.yaml"))).Message, StringComparison.Ordinal);

    private static string Describe(RunFile file) => string.Join(
        '\n',
        file.Apps.Select(app => $"{app.AppId} {app.Folder} {string.Join(' ', app.Ports)} {app.Database?.Database} {app.Database?.Username} {app.Database?.Password} {app.Migrations?.Username}")
            .Append(file.ComponentFile));

    private RunFile Read(string text)
    {
        var path = Path.Combine(_folder, "dapr.yaml");
        File.WriteAllText(path, text);
        return RunFile.Read(path);
    }
}
