using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.Eng.Tests.Deployment.Rules;

/// <summary>Rules for the scrape configuration and the alerts in deploy/observability.</summary>
internal static partial class ObservabilityRules
{
    private const string Prometheus = "deploy/observability/prometheus.yml";
    private const string Alerts = "deploy/observability/alerts.yml";
    private const string Tests = "deploy/observability/alerts.tests.yml";
    private const string Operations = "docs/operations.md";

    [FailsOn(Prometheus, "127.0.0.1:8002", "127.0.0.1:8005", "inventory must be scraped at 127.0.0.1:8002, not at 127.0.0.1:8005")]
    [FailsOn(Prometheus, "job_name: order", "job_name: orders", "order must be scraped at 127.0.0.1:8001, not at nothing")]
    public static IEnumerable<string> Prometheus_scrapes_every_app(DeploymentFiles files)
    {
        var jobs = files.Document(Prometheus).At("scrape_configs").Items().ToDictionary(
            job => job.Text("job_name")!, job => string.Join(", ", job.At("static_configs").Items().SelectMany(config => config.At("targets").Texts())));
        return from app in Design.Apps
               let actual = jobs.GetValueOrDefault(app.Id, "nothing")
               where actual != $"127.0.0.1:{app.Port}"
               select $"{Prometheus}: {app.Id} must be scraped at 127.0.0.1:{app.Port}, not at {actual}";
    }

    [FailsOn(Alerts, "runbook_url: docs/operations.md#outboxdelayed", "runbook: none", "OutboxDelayed has no runbook_url")]
    [FailsOn(Alerts, "summary: \"Orders are", "title: \"Orders are", "OrdersOverdue has no summary")]
    [FailsOn(Alerts, "description: \"{{ $value }} orders", "text: \"{{ $value }} orders", "OrdersOverdue has no description")]
    public static IEnumerable<string> Every_alert_says_what_it_means(DeploymentFiles files) =>
        from rule in Rules(files)
        from annotation in (string[])["summary", "description", "runbook_url"]
        where rule.Text("annotations", annotation) is null
        select $"{Alerts}: {rule.Text("alert")} has no {annotation}";

    [FailsOn(Alerts, "docs/operations.md#outboxdelayed", "docs/operations.md#outbox-delayed", "docs/operations.md has no section #outbox-delayed")]
    public static IEnumerable<string> Runbook_of_every_alert_exists(DeploymentFiles files)
    {
        var sections = Heading().Matches(files[Operations]).Select(match => $"{Operations}#{Anchor(match.Groups[1].Value)}").ToHashSet();
        return from rule in Rules(files)
               let runbook = rule.Text("annotations", "runbook_url")
               where runbook is not null && !sections.Contains(runbook)
               select $"{Alerts}: {runbook.Replace("#", " has no section #", StringComparison.Ordinal)}";
    }

    [FailsOn(Tests, "  - alertname: OrdersOverdue\n    eval_time: 5m30s", "  - alertname: OrdersLate\n    eval_time: 5m30s", "OrdersOverdue never fires")]
    public static IEnumerable<string> Every_alert_fires_in_a_test(DeploymentFiles files) =>
        from alert in AlertNames(files).Except(Tested(files, test => test.At("exp_alerts").Items().Any()))
        select $"{Tests}: {alert} never fires";

    [FailsOn(Tests, "  - alertname: OutboxDelayed\n    eval_time: 2m ", "  - alertname: OutboxLate\n    eval_time: 2m ", "OutboxDelayed always fires")]
    public static IEnumerable<string> Every_alert_does_not_fire_in_a_test(DeploymentFiles files) =>
        from alert in AlertNames(files).Except(Tested(files, test => !test.At("exp_alerts").Items().Any()))
        select $"{Tests}: {alert} always fires";

    private static IEnumerable<YamlNode> Rules(DeploymentFiles files) =>
        files.Document(Alerts).At("groups").Items().SelectMany(group => group.At("rules").Items());

    private static IEnumerable<string?> AlertNames(DeploymentFiles files) => Rules(files).Select(rule => rule.Text("alert"));

    private static IEnumerable<string?> Tested(DeploymentFiles files, Func<YamlNode, bool> matches) =>
        files.Document(Tests).At("tests").Items().SelectMany(test => test.At("alert_rule_test").Items()).Where(matches).Select(test => test.Text("alertname"));

    /// <summary>Returns the anchor that GitHub creates for a heading.</summary>
    private static string Anchor(string heading) => Punctuation().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
