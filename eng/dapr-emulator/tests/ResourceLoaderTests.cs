using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

public sealed class ResourceLoaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("resources-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Component_is_loaded_only_for_the_apps_in_its_scopes()
    {
        Add("c.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: bus}
            spec: {type: pubsub.in-memory, version: v1, metadata: [{name: consumerID, value: "x-{appID}"}]}
            scopes: [a]
            """);

        Assert.Equal("x-a", Assert.Single(Load("a").Components).Setting("consumerid"));
        Assert.Empty(Load("b").Components);
    }

    [Fact]
    public void Resiliency_after_another_document_is_ignored_with_a_warning()
    {
        Add("r.yaml", "# nothing\n---\napiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {name: r}\nspec: {}\n");

        var resources = Load("a");

        Assert.Empty(resources.Resiliency.Names);
        Assert.Contains(resources.Warnings, warning => warning.Contains("r.yaml:4: ") && warning.Contains("first document"));
    }

    [Fact]
    public void Policies_apply_to_their_targets_and_default_policies_to_the_others()
    {
        Add("r.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: r}
            spec:
              policies:
                timeouts: {call: 2s, bare: 300, DefaultTimeoutPolicy: 1m30s}
                retries:
                  constant: {policy: constant, duration: 200ms, maxRetries: 2, matching: {httpStatusCodes: "429,500-599"}}
                  growing: {policy: exponential, duration: 7s, maxInterval: 1s, maxRetries: -1}
              targets:
                apps: {other: {timeout: call, retry: constant}}
                components: {bus: {inbound: {retry: growing, timeout: bare}}}
            """);

        var policies = Load("a").Resiliency;

        Assert.Equal(TimeSpan.FromSeconds(2), policies.App("other").Timeout);
        Assert.Equal(TimeSpan.FromSeconds(90), policies.App("unnamed").Timeout);
        Assert.Null(policies.NamedApp("unnamed"));
        var constant = policies.App("other").Retry!;
        Assert.Equal([TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(200), null], Pauses(constant));
        Assert.Equal((true, true, false), (constant.ShouldRetry(429), constant.ShouldRetry(null), constant.ShouldRetry(400)));
        Assert.Equal(TimeSpan.FromMilliseconds(300), policies.Inbound("bus").Timeout);
        Assert.Equal([TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1)], Pauses(policies.Inbound("bus").Retry!));
        Assert.Null(policies.Inbound("bus").Retry!.DelayBefore(4, TimeSpan.FromMinutes(15)));
    }

    [Theory]
    [InlineData("Subscription", "{pubsubname: bus, topic: t, routes: {rules: [{match: x, path: /x}], default: /all}}", "routing rules (routes.rules) are not emulated")]
    [InlineData("Resiliency", "{policies: {circuitBreakers: {b: {maxRequests: 1}}}}", "circuitBreakers are not emulated")]
    public void Feature_that_is_not_emulated_is_an_error_with_its_line(string kind, string spec, string error)
    {
        Add("r.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: {kind}\nmetadata: <name: r>\nspec: {spec}\n".Replace("<name: r>", "{name: r}"));

        var failure = Assert.Throws<ResourceException>(() => Load("a"));

        Assert.Contains("r.yaml:2: " + error, failure.Message);
    }

    [Fact]
    public void First_subscription_to_a_topic_is_used_in_both_API_versions()
    {
        Add("s.yaml", """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: {name: two}
            spec:
              pubsubname: bus
              topic: t
              routes: {default: /all}
              bulkSubscribe: {enabled: true, maxMessagesCount: 5}
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: {name: one}
            spec: {pubsubname: bus, topic: u, route: /u, deadLetterTopic: dead, metadata: {rawPayload: "true"}}
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: {name: again}
            spec: {pubsubname: bus, topic: t, route: /ignored}
            """);

        var resources = Load("a");

        Assert.Equal(["t", "u"], resources.Subscriptions.Select(subscription => subscription.Topic));
        Assert.Equal(["/all", "/u"], resources.Subscriptions.Select(subscription => subscription.Route));
        Assert.Equal(new BulkSettings(5, null), resources.Subscriptions[0].Bulk);
        Assert.True(resources.Subscriptions[1].IsRaw);
        Assert.Contains(resources.Warnings, warning => warning.Contains("only the first is used"));
    }

    [Fact]
    public void Unknown_kind_is_ignored_with_a_warning()
    {
        Add("c.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Componet\nmetadata: {name: bus}\n");

        Assert.Contains(Load("a").Warnings, warning => warning.Contains("c.yaml:2: kind 'Componet'"));
    }

    [Fact]
    public void Unknown_key_is_reported_with_its_line()
    {
        Add("s.yaml", "# first\n---\napiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: s}\nspec:\n  pubsub: p\n  topic: t\nscope: [a]\n");

        var warnings = Load("a").Warnings;

        Assert.Contains(warnings, warning => warning.EndsWith("s.yaml:7: unknown key 'pubsub' is ignored"));
        Assert.Contains(warnings, warning => warning.EndsWith("s.yaml:9: unknown key 'scope' is ignored"));
    }

    [Fact]
    public void Sampling_rate_of_0_turns_tracing_off()
    {
        Assert.False(ResourceLoader.Load("a", [], Path.Combine(Recording.Folder, "setup", "config.yaml")).Tracing);
        Assert.True(ResourceLoader.Load("a", [], null).Tracing);
    }

    [Fact]
    public void Missing_folder_is_an_error() =>
        Assert.Throws<ResourceException>(() => ResourceLoader.Load("a", [Path.Combine(_folder, "missing")], null));

    [Theory]
    [InlineData("200ms", 200)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("250", 250)]
    public void Durations_are_parsed_as_in_Dapr(string text, double milliseconds) =>
        Assert.Equal(milliseconds, GoDuration.Parse(text)!.Value.TotalMilliseconds);

    [Theory]
    [InlineData("publishingScopes", "a=t,u;b=", "a", "t", true)]
    [InlineData("publishingScopes", "a=t,u;b=", "a", "v", false)]
    [InlineData("publishingScopes", "a=t,u;b=", "b", "t", false)]
    [InlineData("publishingScopes", "a=t,u;b=", "c", "t", true)]
    [InlineData("allowedTopics", "t,u", "a", "v", false)]
    [InlineData("protectedTopics", "t", "a", "t", false)]
    public void Topic_scopes_limit_what_an_app_may_publish(string setting, string value, string appId, string topic, bool allowed)
    {
        var component = new Component("bus", "pubsub.in-memory", "v1", false, new Dictionary<string, string> { [setting] = value });

        Assert.Equal(allowed, new TopicScopes(component, appId).MayPublish(topic));
    }

    private void Add(string name, string yaml) => File.WriteAllText(Path.Combine(_folder, name), yaml);

    private AppResources Load(string appId) => ResourceLoader.Load(appId, [_folder], null);

    private static IEnumerable<TimeSpan?> Pauses(RetryPolicy policy) => [.. Enumerable.Range(1, 3).Select(retry => policy.DelayBefore(retry, TimeSpan.Zero))];
}
