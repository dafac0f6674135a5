namespace DaprOrders.Eng.Tests.Deployment.Rules;

/// <summary>Rules for components/common: the retry policies and the configuration of the sidecars.</summary>
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
        "Dapr reads only the first of 2 documents, because the file contains a Resiliency")]
    [FailsOn(
        "components/common/more.yaml", "", "kind: Component\n---\nkind: Resiliency",
        "Dapr reads only the first of 2 documents, because the file contains a Resiliency")]
    public static IEnumerable<string> Resiliency_is_the_only_document_in_its_file(DeploymentFiles files) =>
        from path in files.Under("components/")
        where Path.GetExtension(path) == ".yaml"
        let documents = files.Documents(path)
        where documents.Count > 1 && documents.Any(document => document.Text("kind") == "Resiliency")
        select $"{path}: Dapr reads only the first of {documents.Count} documents, because the file contains a Resiliency";

    [FailsOn(Resiliency, "kind: Resiliency", "kind: Resilience", "kind must be Resiliency, not Resilience")]
    [FailsOn(Resiliency, "dapr.io/v1alpha1", "dapr.io/v2alpha1", "apiVersion must be dapr.io/v1alpha1, not dapr.io/v2alpha1")]
    [FailsOn(Configuration, "kind: Configuration", "kind: Config", "kind must be Configuration, not Config")]
    public static IEnumerable<string> Kind_and_version_are_spelled_correctly(DeploymentFiles files) =>
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
        "spec.targets.components.pubsub.inbound.retry names forever, which is missing in spec.policies.retries")]
    [FailsOn(Resiliency, "      pubsub:\n", "      orders:\n", "spec.targets.components.pubsub.inbound.retry is missing")]
    public static IEnumerable<string> Delivery_is_retried_without_a_limit(DeploymentFiles files)
    {
        const string target = "spec.targets.components.pubsub.inbound.retry";
        var document = files.Document(Resiliency);
        if (document.Text(target.Split('.')) is not { } policy)
        {
            return [$"{Resiliency}: {target} is missing"];
        }

        var key = $"spec.policies.retries.{policy}";
        return document.At(key.Split('.')) is null
            ? [$"{Resiliency}: {target} names {policy}, which is missing in spec.policies.retries"]
            : Expect(files, Resiliency, $"{key}.policy", "constant") // the policy exponential stops after 15 minutes
                .Concat(Expect(files, Resiliency, $"{key}.duration", "200ms"))
                .Concat(Expect(files, Resiliency, $"{key}.maxRetries", "-1"));
    }

    [FailsOn(Resiliency, "      inventory:\n        timeout: call\n", "", "spec.targets.apps.inventory.timeout is missing")]
    [FailsOn(
        Resiliency, "timeout: call", "timeout: fast",
        "spec.targets.apps.order.timeout names fast, which is missing in spec.policies.timeouts")]
    public static IEnumerable<string> Every_app_that_is_called_has_a_timeout(DeploymentFiles files)
    {
        var document = files.Document(Resiliency);
        foreach (var app in CalledApps())
        {
            var key = $"spec.targets.apps.{app}.timeout";
            if (document.Text(key.Split('.')) is not { } policy)
            {
                yield return $"{Resiliency}: {key} is missing";
            }
            else if (document.Text("spec", "policies", "timeouts", policy) is null)
            {
                yield return $"{Resiliency}: {key} names {policy}, which is missing in spec.policies.timeouts";
            }
        }
    }

    [FailsOn(Resiliency, "call: 2s", "call: 20s", "spec.policies.timeouts.call must be 2s, not 20s")]
    public static IEnumerable<string> Call_has_the_timeout_of_an_attempt_of_the_gateway(DeploymentFiles files) =>
        files.Document(Resiliency).At("spec", "policies", "timeouts").Keys()
            .SelectMany(policy => Expect(files, Resiliency, $"spec.policies.timeouts.{policy}", "2s"));

    [FailsOn(
        Resiliency, "timeout: call", "timeout: call\n        retry: untilHandled",
        "spec.targets.apps.order.retry must be missing, not untilHandled")]
    public static IEnumerable<string> Only_the_gateway_retries_a_call(DeploymentFiles files) =>
        CalledApps().SelectMany(app => Expect(files, Resiliency, $"spec.targets.apps.{app}.retry", null));

    [FailsOn(Configuration, "samplingRate: \"0\"", "samplingRate: \"1\"", "spec.tracing.samplingRate must be 0, not 1")]
    [FailsOn(Configuration, "enabled: true", "enabled: false", "spec.metrics.enabled must be true, not false")]
    public static IEnumerable<string> Sidecars_create_metrics_but_no_spans(DeploymentFiles files) =>
        Expect(files, Configuration, "spec.tracing.samplingRate", "0").Concat(Expect(files, Configuration, "spec.metrics.enabled", "true"));

    [FailsOn(Configuration, "spec:\n", "spec:\n  loging: {}\n", "spec.loging is unknown to Dapr")]
    public static IEnumerable<string> Dapr_knows_every_setting_of_the_configuration(DeploymentFiles files) =>
        from setting in files.Document(Configuration).At("spec").Keys()
        where !KnownSettings.Contains(setting)
        select $"{Configuration}: spec.{setting} is unknown to Dapr";

    [FailsOn(Configuration, "name: dapr-orders", "name: $NAME", "Dapr replaces a $ with a variable from the environment of the sidecar")]
    public static IEnumerable<string> Configuration_does_not_depend_on_the_environment(DeploymentFiles files) =>
        files[Configuration].Contains('$', StringComparison.Ordinal)
            ? [$"{Configuration}: Dapr replaces a $ with a variable from the environment of the sidecar"]
            : [];

    // No app calls the gateway through a sidecar.
    private static IEnumerable<string> CalledApps() => Design.Apps.Where(app => app.Id != "gateway").Select(app => app.Id);

    private static IEnumerable<string> Expect(DeploymentFiles files, string path, string key, string? expected) =>
        files.Document(path).Text(key.Split('.')) is var actual && actual != expected
            ? [$"{path}: {key} must be {expected ?? "missing"}, not {actual ?? "missing"}"]
            : [];
}
