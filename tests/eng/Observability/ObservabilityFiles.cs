using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.Eng.Tests.Deployment;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Observability;

/// <summary>Reads the queries in deploy/observability.</summary>
internal static partial class ObservabilityFiles
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "deploy/observability");

    /// <summary>Returns the queries of the dashboard. Its variables are replaced by the whole system and a minute.</summary>
    public static IReadOnlyList<PanelQuery> DashboardQueries()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "dashboard.json")));
        return
        [
            .. from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
               where panel.GetProperty("type").GetString() != "row"
               from target in panel.GetProperty("targets").EnumerateArray()
               select new PanelQuery(
                   panel.GetProperty("title").GetString()!,
                   ReplaceVariables(target.GetProperty("expr").GetString()!),
                   [.. LegendLabel().Matches(target.GetProperty("legendFormat").GetString()!).Select(match => match.Groups[1].Value)])
        ];
    }

    /// <summary>Returns the metric and label of the variable <c>$service</c>.</summary>
    public static (string Metric, string Label) ServiceVariable()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "dashboard.json")));
        var variable = dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Single(variable => variable.GetProperty("name").GetString() == "service");
        var match = LabelValues().Match(variable.GetProperty("query").GetProperty("query").GetString()!);
        return (match.Groups["metric"].Value, match.Groups["label"].Value);
    }

    /// <summary>Returns the selectors in the expressions of the alerts, for example <c>health_failing</c> or <c>up{job="order"}</c>.</summary>
    public static IReadOnlyList<string> AlertSelectors()
    {
        var path = Path.Combine(Folder, "alerts.yml");
        var expressions = from @group in Yaml.Parse(path, File.ReadAllText(path))[0].At("groups").Items()
                          from rule in @group.At("rules").Items()
                          select rule.Text("expr")!;
        return [.. expressions.SelectMany(expression => Selector().Matches(Grouping().Replace(expression, ""))).Select(match => match.Value).Distinct()];
    }

    private static string ReplaceVariables(string query)
    {
        var replaced = query.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$service", ".*", StringComparison.Ordinal);
        Assert.DoesNotContain('$', replaced);
        return replaced;
    }

    [GeneratedRegex(@"\{\{\s*(\w+)\s*\}\}")]
    private static partial Regex LegendLabel();

    [GeneratedRegex(@"^label_values\((?<metric>\w+), (?<label>\w+)\)$")]
    private static partial Regex LabelValues();

    [GeneratedRegex(@"\b(?:by|without|on|ignoring) \([^)]*\)")]
    private static partial Regex Grouping();

    /// <summary>Matches a metric and its matchers. Each metric except <c>up</c> contains an underscore.</summary>
    [GeneratedRegex(@"\b(?:up|[a-z]+(?:_[a-z]+)+)\b(?!\()(?:\{[^}]*\})?")]
    private static partial Regex Selector();
}

/// <summary>A query of a panel, and the labels that its legend shows.</summary>
internal sealed record PanelQuery(string Panel, string Query, IReadOnlyList<string> Labels)
{
    public override string ToString() => $"{Panel}: {Query}";
}
