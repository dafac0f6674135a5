namespace DaprOrders.DevSidecar.Resources;

/// <summary>What a target's resiliency comes to.</summary>
internal sealed record TargetPolicy(TimeSpan? Timeout, RetryPolicy? Retry, BreakerSpec? Breaker = null)
{
    public static readonly TargetPolicy None = new(null, null);
}

/// <summary>The Resiliency resources that one app sees, taken together.</summary>
internal sealed class ResiliencyPolicies
{
    private readonly Dictionary<string, TargetPolicy> _apps = [];
    private readonly Dictionary<string, TargetPolicy> _inbound = [];
    private readonly Dictionary<string, TargetPolicy> _outbound = [];
    private readonly Dictionary<string, RetryPolicy> _retries = [];
    private readonly Dictionary<string, BreakerSpec> _breakers = [];
    private readonly Dictionary<string, TimeSpan> _timeouts = [];
    private readonly List<string> _names = [];

    public IReadOnlyList<string> Names => _names;

    /// <summary>Gets the policy of an app that <c>targets.apps</c> names, or null: only then the built-in retries apply.</summary>
    public TargetPolicy? NamedApp(string appId) => _apps.GetValueOrDefault(appId);

    public TargetPolicy App(string appId) => NamedApp(appId) ?? ByDefault("App");

    public TargetPolicy Inbound(string pubsub) =>
        _inbound.GetValueOrDefault(pubsub) ?? ByDefault("PubsubComponentInbound", "ComponentInbound", "Component");

    public TargetPolicy Outbound(string pubsub) =>
        _outbound.GetValueOrDefault(pubsub) ?? ByDefault("PubsubComponentOutbound", "ComponentOutbound", "Component");

    /// <exception cref="ResourceException">A target names a policy that does not exist.</exception>
    public void Add(string name, YamlMap spec)
    {
        _names.Add(name);
        if (spec.Map("policies") is { } policies)
        {
            foreach (var (policy, text) in policies.Pairs("timeouts"))
            {
                _timeouts[policy] = GoDuration.Parse(text) ?? throw new ResourceException($"invalid timeout {policy}: {text}");
            }

            foreach (var (policy, map) in policies.Children("retries"))
            {
                _retries[policy] = RetryPolicy.Read(map);
            }

            foreach (var (policy, map) in policies.Children("circuitBreakers"))
            {
                _breakers[policy] = BreakerSpec.Read(policy, map);
            }
        }

        foreach (var (app, target) in spec.Map("targets")?.Children("apps") ?? [])
        {
            _apps[app] = Target(target);
        }

        foreach (var (component, target) in spec.Map("targets")?.Children("components") ?? [])
        {
            if (target.Map("inbound") is { } inbound)
            {
                _inbound[component] = Target(inbound);
            }

            if (target.Map("outbound") is { } outbound)
            {
                _outbound[component] = Target(outbound);
            }
        }
    }

    private TargetPolicy Target(YamlMap target) => new(
        target.Text("timeout") is { } timeout
            ? _timeouts.TryGetValue(timeout, out var limit) ? limit : throw Missing("timeout", timeout)
            : null,
        target.Text("retry") is { } retry
            ? _retries.GetValueOrDefault(retry) ?? throw Missing("retry", retry)
            : null,
        target.Text("circuitBreaker") is { } breaker
            ? _breakers.GetValueOrDefault(breaker) ?? throw Missing("circuit breaker", breaker)
            : null);

    private static ResourceException Missing(string kind, string policy) =>
        new($"resiliency: {kind} policy {policy} is not defined in the same file");

    // Policies that apply by their name alone, the most specific one first.
    private TargetPolicy ByDefault(params ReadOnlySpan<string> prefixes)
    {
        TimeSpan? timeout = null;
        RetryPolicy? retry = null;
        BreakerSpec? breaker = null;
        foreach (var prefix in prefixes)
        {
            timeout ??= _timeouts.TryGetValue($"Default{prefix}TimeoutPolicy", out var limit) ? limit : null;
            retry ??= _retries.GetValueOrDefault($"Default{prefix}RetryPolicy");
            breaker ??= _breakers.GetValueOrDefault($"Default{prefix}CircuitBreakerPolicy");
        }

        timeout ??= _timeouts.TryGetValue("DefaultTimeoutPolicy", out var general) ? general : null;
        retry ??= _retries.GetValueOrDefault("DefaultRetryPolicy");
        breaker ??= _breakers.GetValueOrDefault("DefaultCircuitBreakerPolicy");
        return timeout is null && retry is null && breaker is null ? TargetPolicy.None : new TargetPolicy(timeout, retry, breaker);
    }
}
