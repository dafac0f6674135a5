using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.Eng.Tests.Deployment.Rules;

/// <summary>Rules for the documents: they name the ports, profiles, settings and tests that exist.</summary>
internal static partial class DocumentRules
{
    private const string Readme = "README.md";
    private const string Operations = "docs/operations.md";

    [FailsOn(
        Readme, "http://localhost:8000/orders", "http://localhost:8080/orders",
        "localhost:8080 is neither the gateway (8000), pgAdmin (5050) nor the dashboard (18888)")]
    [FailsOn(
        "docs/orders.http", "http://localhost:8000", "http://localhost:8001",
        "localhost:8001 is neither the gateway (8000), pgAdmin (5050) nor the dashboard (18888)")]
    public static IEnumerable<string> Addresses_are_those_of_the_gateway_pgAdmin_or_the_dashboard(DeploymentFiles files) =>
        from path in (string[])[Readme, "docs/orders.http"]
        from port in Address().Matches(files[path]).Select(match => match.Groups[1].Value).Distinct()
        where port != $"{Design.Gateway}" && port != $"{Design.PgAdmin}" && port != $"{Design.Dashboard}"
        select $"{path}: localhost:{port} is neither the gateway ({Design.Gateway}), pgAdmin ({Design.PgAdmin}) nor the dashboard ({Design.Dashboard})";

    [FailsOn(Readme, "PostgreSQL on 5433", "PostgreSQL on 5432", "PostgreSQL is on 5433, not on 5432")]
    [FailsOn(Readme, "Kafka on 9092", "Kafka on 9093", "Kafka is on 9092, not on 9093")]
    [FailsOn(Readme, "[pgAdmin](http://localhost:5050)", "[pgAdmin](http://localhost:8000)", "pgAdmin is on 5050, not on 8000")]
    [FailsOn(Readme, "PostgreSQL comes from port 5433", "PostgreSQL comes from port 5435", "PostgreSQL is on 5433, not on 5435")]
    public static IEnumerable<string> README_names_the_ports_of_the_servers(DeploymentFiles files) =>
        from place in Place().Matches(files[Readme])
        let port = int.Parse(place.Groups["port"].ValueSpan, CultureInfo.InvariantCulture)
        let service = place.Groups["server"].Value.Replace("SQL", "s", StringComparison.Ordinal).ToLowerInvariant()
        let expected = Design.Servers[service]
        where port != expected
        select $"{Readme}: {place.Groups["server"]} is on {expected}, not on {port}";

    [FailsOn(Readme, "  resourcesPaths:", "  resourcePaths:", "dapr.yaml has no line that begins with '  resourcePaths:'")]
    public static IEnumerable<string> README_shows_lines_of_dapr_yaml(DeploymentFiles files) =>
        from block in YamlBlock().Matches(files[Readme])
        from line in block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        let key = line[..(line.IndexOf(':', StringComparison.Ordinal) + 1)] // the value may be different, because users change it
        where !files["dapr.yaml"].Split('\n').Any(other => other.StartsWith(key, StringComparison.Ordinal))
        select $"{Readme}: dapr.yaml has no line that begins with '{key}'";

    [FailsOn(Readme, "--profile redis", "--profile nats", "docker-compose.yml has no profile nats")]
    public static IEnumerable<string> README_names_existing_profiles(DeploymentFiles files)
    {
        var services = files.Document("docker-compose.yml").At("services");
        var profiles = services.Keys().SelectMany(service => services.At(service, "profiles").Texts()).ToHashSet();
        return Profile().Matches(files[Readme]).Select(match => match.Groups[1].Value).Where(profile => !profiles.Contains(profile))
            .Select(profile => $"{Readme}: docker-compose.yml has no profile {profile}");
    }

    [FailsOn("docs/guarantees.md", "`PlaceOrderTests`", "`PlacedOrderTests`", "there is no test class PlacedOrderTests")]
    [FailsOn("SECURITY.md", "`RouteAccessTests`", "`RoutesAccessTests`", "there is no test class RoutesAccessTests")]
    public static IEnumerable<string> Documents_name_test_classes_that_exist(DeploymentFiles files)
    {
        var classes = files.Under("tests/").SelectMany(path => TestClass().Matches(files[path])).Select(match => match.Groups[1].Value).ToHashSet();
        return from path in files.Under("").Where(path => path.EndsWith(".md", StringComparison.Ordinal))
               from name in TestName().Matches(files[path]).Select(match => match.Groups[1].Value).Distinct()
               where !classes.Contains(name)
               select $"{path}: there is no test class {name}";
    }

    [FailsOn(Operations, "| `Messaging:PubSubName` |", "| PubSubName |", "Messaging:PubSubName is missing")]
    [FailsOn(Operations, "| `RateLimit:PermitsPerSecond` |", "| PermitsPerSecond |", "RateLimit:PermitsPerSecond is missing")]
    [FailsOn(Operations, "| `ConnectionStrings:Database` |", "| Database |", "ConnectionStrings:Database is missing")]
    [FailsOn(Operations, "| `DAPR_API_TOKEN` |", "| Token |", "DAPR_API_TOKEN is missing")]
    public static IEnumerable<string> Every_setting_of_services_and_libraries_is_documented(DeploymentFiles files) =>
        from setting in Settings(files)
        where !files[Operations].Contains($"| `{setting}` |", StringComparison.Ordinal)
        select $"{Operations}: {setting} is missing";

    [FailsOn(
        Operations, "| `Messaging:PubSubName` |", "| `Messaging:Topic` | | | |\n| `Messaging:PubSubName` |",
        "no service or library reads Messaging:Topic")]
    public static IEnumerable<string> Every_documented_setting_exists(DeploymentFiles files) =>
        DocumentedSetting().Matches(files[Operations]).Select(match => match.Groups[1].Value).Except(Settings(files))
            .Select(setting => $"{Operations}: no service or library reads {setting}");

    /// <summary>Returns the properties of bound options as <c>Section:Property</c>, and the keys that are read one by one.</summary>
    private static HashSet<string> Settings(DeploymentFiles files)
    {
        var sources = files.Under("libs/").Concat(files.Under("services/")).Select(path => files[path]).ToList();
        var ofOptions = from binding in sources.SelectMany(source => Binding().Matches(source))
                        let options = $"class {binding.Groups[1].Value}\n"
                        from property in Property().Matches(sources.Single(source => source.Contains(options, StringComparison.Ordinal)))
                        select $"{binding.Groups[2].Value}:{property.Groups[1].Value}";
        var ofConnectionStrings = sources.SelectMany(source => ConnectionString().Matches(source)).Select(match => $"ConnectionStrings:{match.Groups[1].Value}");
        return [.. ofOptions, .. ofConnectionStrings, .. sources.SelectMany(source => Read().Matches(source)).Select(match => match.Groups[1].Value)];
    }

    [GeneratedRegex("localhost:([0-9]+)")]
    private static partial Regex Address();

    [GeneratedRegex(@"\[?(?<server>PostgreSQL|Kafka|pgAdmin)\]?(?: on |\(http://localhost:| comes from port )(?<port>[0-9]+)")]
    private static partial Regex Place();

    [GeneratedRegex("^```yaml\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex YamlBlock();

    [GeneratedRegex("--profile ([a-z]+)")]
    private static partial Regex Profile();

    [GeneratedRegex(@"^public (?:sealed |partial )*class (\w+Tests)\b", RegexOptions.Multiline)]
    private static partial Regex TestClass();

    [GeneratedRegex(@"`(\w+Tests)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"AddOptions<(\w+)>\(\)\.BindConfiguration\(""([\w:]+)""\)")]
    private static partial Regex Binding();

    [GeneratedRegex(@"public (?:required )?\S+ (\w+) \{ get; (?:init|set); \}")]
    private static partial Regex Property();

    [GeneratedRegex(@"ConnectionStringName = ""(\w+)""")]
    private static partial Regex ConnectionString();

    [GeneratedRegex(@"[Cc]onfiguration(?:\[|\.GetValue(?:<[^>]+>)?\()""([\w:]+)""")]
    private static partial Regex Read();

    [GeneratedRegex("^\\| `([A-Za-z]+:[A-Za-z:]+|[A-Z_]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex DocumentedSetting();
}
