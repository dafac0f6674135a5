namespace DaprOrders.Eng.Tests.Deployment.Rules;

/// <summary>components/common: the retry policies and the sidecars' configuration.</summary>
internal static class CommonRules
{
    private const string Resiliency = "components/common/resiliency.yaml";
    private const string Configuration = "components/common/config.yaml";

    private static readonly string[] KnownSettings =
    [
        "accessControl", "api", "appHttpPipeline", "components", "features", "httpPipeline", "logging", "metrics", "mtls", "nameResolution",
        "secrets", "tracing",
    ];

    [FailsOn(
        Resiliency, "inbound:\n          retry: untilHandled", "inbound:\n          retry: untilHandled\n---\nkind: Component",
        "of a file with a Resiliency only the first of 2 documents is read")]
    [FailsOn(
        "components/common/more.yaml", "", "kind: Component\n---\nkind: Resiliency",
        "of a file with a Resiliency only the first of 2 documents is read")]
    public static IEnumerable<string> A_Resiliency_has_its_file_to_itself(DeploymentFiles files) =>
        from path in files.Under("components/")
        where Path.GetExtension(path) == ".yaml"
        let documents = files.Documents(path)
        where documents.Count > 1 && documents.Any(document => document.Text("kind") == "Resiliency")
        select $"{path}: of a file with a Resiliency only the first of {documents.Count} documents is read";

    [FailsOn(Resiliency, "kind: Resiliency", "kind: Resilience", "kind must be Resiliency, not Resilience")]
    [FailsOn(Resiliency, "dapr.io/v1alpha1", "dapr.io/v2alpha1", "apiVersion must be dapr.io/v1alpha1, not dapr.io/v2alpha1")]
    [FailsOn(Configuration, "kind: Configuration", "kind: Config", "kind must be Configuration, not Config")]
    public static IEnumerable<string> What_a_file_is_must_be_spelled_right(DeploymentFiles files) =>
        Expect(files, Resiliency, "kind", "Resiliency")
            .Concat(Expect(files, Resiliency, "apiVersion", "dapr.io/v1alpha1"))
            .Concat(Expect(files, Configuration, "kind", "Configuration"))
            .Concat(Expect(files, Configuration, "apiVersion", "dapr.io/v1alpha1"));

    [FailsOn(Resiliency, "        maxRetries: -1\n", "", "spec.policies.retries.untilHandled.maxRetries must be -1, not missing")]
    [FailsOn(Resiliency, "maxRetries: -1", "maxRetries: 10", "spec.policies.retries.untilHandled.maxRetries must be -1, not 10")]
    [FailsOn(
        Resiliency, "policy: constant", "policy: exponential",
        "spec.policies.retries.untilHandled.policy must be constant, not exponential")]
    [FailsOn(Resiliency, "duration: 200ms", "duration: 5s", "spec.policies.retries.untilHandled.duration must be 200ms, not 5s")]
    [FailsOn(
        Resiliency, "retry: untilHandled", "retry: forever",
        "spec.targets.components.pubsub.inbound.retry names forever, which spec.policies.retries lacks")]
    [FailsOn(Resiliency, "      pubsub:\n", "      orders:\n", "spec.targets.components.pubsub.inbound.retry is missing")]
    public static IEnumerable<string> A_delivery_is_retried_until_it_is_handled(DeploymentFiles files)
    {
        const string target = "spec.targets.components.pubsub.inbound.retry";
        var document = files.Document(Resiliency);
        if (document.Text(target.Split('.')) is not { } policy)
        {
            return [$"{Resiliency}: {target} is missing"];
        }

        var key = $"spec.policies.retries.{policy}";
        return document.At(key.Split('.')) is null
            ? [$"{Resiliency}: {target} names {policy}, which spec.policies.retries lacks"]
            : Expect(files, Resiliency, $"{key}.policy", "constant") // the other one ends after 15 minutes
                .Concat(Expect(files, Resiliency, $"{key}.duration", "200ms"))
                .Concat(Expect(files, Resiliency, $"{key}.maxRetries", "-1"));
    }

    [FailsOn(Resiliency, "      inventory:\n        timeout: call\n", "", "spec.targets.apps.inventory.timeout is missing")]
    [FailsOn(
        Resiliency, "timeout: call", "timeout: fast",
        "spec.targets.apps.order.timeout names fast, which spec.policies.timeouts lacks")]
    public static IEnumerable<string> Every_app_that_is_called_has_a_timeout(DeploymentFiles files)
    {
        var document = files.Document(Resiliency);
        foreach (var app in Called())
        {
            var key = $"spec.targets.apps.{app}.timeout";
            if (document.Text(key.Split('.')) is not { } policy)
            {
                yield return $"{Resiliency}: {key} is missing";
            }
            else if (document.Text("spec", "policies", "timeouts", policy) is null)
            {
                yield return $"{Resiliency}: {key} names {policy}, which spec.policies.timeouts lacks";
            }
        }
    }

    [FailsOn(Resiliency, "call: 2s", "call: 20s", "spec.policies.timeouts.call must be 2s, not 20s")]
    public static IEnumerable<string> A_call_ends_within_what_the_gateway_gives_an_attempt(DeploymentFiles files) =>
        files.Document(Resiliency).At("spec", "policies", "timeouts").Keys()
            .SelectMany(policy => Expect(files, Resiliency, $"spec.policies.timeouts.{policy}", "2s"));

    [FailsOn(
        Resiliency, "timeout: call", "timeout: call\n        retry: untilHandled",
        "spec.targets.apps.order.retry must be missing, not untilHandled")]
    public static IEnumerable<string> The_gateway_alone_retries_a_call(DeploymentFiles files) =>
        Called().SelectMany(app => Expect(files, Resiliency, $"spec.targets.apps.{app}.retry", null));

    [FailsOn(Configuration, "samplingRate: \"0\"", "samplingRate: \"1\"", "spec.tracing.samplingRate must be 0, not 1")]
    [FailsOn(Configuration, "enabled: true", "enabled: false", "spec.metrics.enabled must be true, not false")]
    public static IEnumerable<string> Sidecars_make_no_spans_but_metrics(DeploymentFiles files) =>
        Expect(files, Configuration, "spec.tracing.samplingRate", "0").Concat(Expect(files, Configuration, "spec.metrics.enabled", "true"));

    [FailsOn(Configuration, "spec:\n", "spec:\n  loging: {}\n", "spec.loging is unknown to Dapr")]
    public static IEnumerable<string> Dapr_knows_every_setting_of_the_configuration(DeploymentFiles files) =>
        from setting in files.Document(Configuration).At("spec").Keys()
        where !KnownSettings.Contains(setting)
        select $"{Configuration}: spec.{setting} is unknown to Dapr";

    [FailsOn(Configuration, "name: dapr-orders", "name: $NAME", "a $ is expanded from the environment of the sidecar")]
    public static IEnumerable<string> The_configuration_takes_nothing_from_the_environment(DeploymentFiles files) =>
        files[Configuration].Contains('$', StringComparison.Ordinal)
            ? [$"{Configuration}: a $ is expanded from the environment of the sidecar"]
            : [];

    // Nobody calls the gateway through a sidecar.
    private static IEnumerable<string> Called() => Design.Apps.Where(app => app.Id != "gateway").Select(app => app.Id);

    private static IEnumerable<string> Expect(DeploymentFiles files, string path, string key, string? expected) =>
        files.Document(path).Text(key.Split('.')) is var actual && actual != expected
            ? [$"{path}: {key} must be {expected ?? "missing"}, not {actual ?? "missing"}"]
            : [];
}
