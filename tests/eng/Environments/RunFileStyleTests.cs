using System.Text.RegularExpressions;
using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Environments;

/// <summary>Starts the system from files that mean the same as those of the repository, but are written in a different YAML style.</summary>
[Trait("Form", "scripts")]
public sealed partial class RunFileStyleTests
{
    private static readonly Dictionary<string, Func<string, string>> Styles = new()
    {
        ["connection strings in double quotes"] = text => ConnectionString().Replace(text, "$1\"$2\""),
        ["connection strings in single quotes"] = text => ConnectionString().Replace(text, "$1'$2'"),
        ["keywords in another order"] = text => Login().Replace(text, "Username=$2;Password=$3;Database=$1"),
        ["lists in block style"] = text => FlowList().Replace(text, list => $"  {list.Groups[1]}:\n{string.Concat(list.Groups[2].Value.Split(',').Select(item => $"    - {item.Trim()}\n"))}"),
        ["CRLF"] = text => text.Replace("\n", "\r\n", StringComparison.Ordinal),
        ["a comment with a bracket after the list"] = text => text.Replace("/kafka]", "/kafka] # was [redis]", StringComparison.Ordinal),
        ["maps in flow style"] = text => Map().Replace(text, "env: {ASPNETCORE_ENVIRONMENT: Development}\n"),
        ["an anchor and its alias"] = text => text
            .Replace("appDirPath: ./services/gateway", "appDirPath: &folder ./services/gateway", StringComparison.Ordinal)
            .Replace("- appID: gateway", "- appID: &gateway gateway", StringComparison.Ordinal),
    };

    public static TheoryData<string> StyleNames => [.. Styles.Keys];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [MemberData(nameof(StyleNames))]
    public async Task Every_YAML_style_of_dapr_yaml_starts_the_same_system(string style)
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet(run: "exit 0");
        await machine.RunPostgresAsync();
        var file = Path.Combine(machine.Clone.Folder, "dapr.yaml");
        var original = await File.ReadAllTextAsync(file, Cancel);
        var expected = await StartAsync(original);
        var changed = Styles[style](original);
        Assert.NotEqual(original, changed);

        var actual = await StartAsync(changed);

        Assert.Equal(SortKeywords(expected), SortKeywords(actual));

        // Returns the run file that the runtime gets.
        async Task<string> StartAsync(string text)
        {
            await File.WriteAllTextAsync(file, text, Cancel);
            Assert.False(await machine.Clone.StartAsync());
            Assert.Equal((0, true), (machine.Clone.ExitCode!.Value, machine.Clone.Output.Contains("Runtime   Dapr emulator", StringComparison.Ordinal)));
            return await File.ReadAllTextAsync(Path.Combine(machine.Clone.Folder, ".dapr-orders", "dapr.yaml"), Cancel);
        }
    }

    [Fact(Explicit = true)]
    public async Task System_starts_from_files_with_CRLF()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.ServicesAreReadyAfter(machine.EmulatorCall);
        string[] components = Directory.GetFiles(Path.Combine(machine.Clone.Folder, "components"), "*.yaml", SearchOption.AllDirectories);
        foreach (var file in components.Append("dapr.yaml").Append("postgres/init.sql"))
        {
            await machine.Clone.ReplaceAsync(file, "\n", "\r\n");
        }

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output); // ready, so init.sql has created the roles
        await machine.Clone.StopAsync(Signal.Interrupt);

        Assert.Contains("Database  private PostgreSQL", machine.Clone.Output, StringComparison.Ordinal);
    }

    private static string SortKeywords(string text) => Login().Replace(text, "Username=$2;Password=$3;Database=$1");

    [GeneratedRegex("(ConnectionStrings__Database: )(.*)")]
    private static partial Regex ConnectionString();

    [GeneratedRegex("Database=([^;]+);Username=([^;]+);Password=(.*)")]
    private static partial Regex Login();

    [GeneratedRegex(@"^  (resourcesPaths|command): \[(.*)\]\n", RegexOptions.Multiline)]
    private static partial Regex FlowList();

    [GeneratedRegex("env:\n    ASPNETCORE_ENVIRONMENT: Development\n")]
    private static partial Regex Map();
}
