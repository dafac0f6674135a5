namespace DaprOrders.DaprEmulator.Resources;

/// <summary>What a target's resiliency comes to.</summary>
internal sealed record TargetPolicy(TimeSpan? Timeout, RetryPolicy? Retry, BreakerSpec? Breaker = null)
{
    public static readonly TargetPolicy None = new(null, null);
}

/// <summary>The Resiliency resources that one app sees, taken together.</summary>
internal sealed class ResiliencyPolicies
{
    private const int FewestBuiltIn = 3;

    private readonly Dictionary<string, PolicyNames> _apps = [];
    private readonly Dictionary<string, PolicyNames> _inbound = [];
    private readonly Dictionary<string, PolicyNames> _outbound = [];
    private readonly Dictionary<string, RetryPolicy> _retries = [];
    private readonly Dictionary<string, BreakerSpec> _breakers = [];
    private readonly Dictionary<string, TimeSpan> _timeouts = [];
    private readonly List<string> _names = [];

    public IReadOnlyList<string> Names => _names;

    /// <summary>Gets how an invocation is repeated whose callee's sidecar is gone, where no policy is meant for it.</summary>
    public RetryPolicy BuiltIn { get; private set; } = new(false, TimeSpan.FromSeconds(1), FewestBuiltIn, TimeSpan.MaxValue, null);

    /// <summary>Gets the policy of an app that <c>targets.apps</c> names, or null: only then the built-in retries apply.</summary>
    public TargetPolicy? NamedApp(string appId) => _apps.TryGetValue(appId, out var names) ? Policy(names) : null;

    public TargetPolicy App(string appId) => NamedApp(appId) ?? ByDefault("App");

    public TargetPolicy Inbound(string pubsub) =>
        _inbound.TryGetValue(pubsub, out var names) ? Policy(names) : ByDefault("PubsubComponentInbound", "ComponentInbound", "Component");

    public TargetPolicy Outbound(string pubsub) =>
        _outbound.TryGetValue(pubsub, out var names) ? Policy(names) : ByDefault("PubsubComponentOutbound", "ComponentOutbound", "Component");

    /// <summary>Adds what a resource says; later ones may use and replace the policies of those before.</summary>
    /// <exception cref="FormatException">A policy can't be read: those before it count, the targets do not.</exception>
    public void Add(string name, YamlMap spec)
    {
        _names.Add(name);
        if (spec.Map("policies") is { } policies)
        {
            AddPolicies(policies);
        }

        foreach (var (app, target) in spec.Map("targets")?.Children("apps") ?? [])
        {
            _apps[app] = NamesOf(target);
        }

        foreach (var (component, target) in spec.Map("targets")?.Children("components") ?? [])
        {
            _inbound[component] = NamesOf(target.Map("inbound"));
            _outbound[component] = NamesOf(target.Map("outbound"));
        }
    }

    /// <summary>Names the policies that targets use and that no resource defines: the runtime does without them in silence.</summary>
    public IEnumerable<string> Missing()
    {
        foreach (var (target, names) in _apps.Concat(_inbound).Concat(_outbound))
        {
            if (names.Timeout is { } timeout && !_timeouts.ContainsKey(timeout))
            {
                yield return $"{target} has no timeout: timeout policy {timeout} is not defined";
            }

            if (names.Retry is { } retry && !_retries.ContainsKey(retry))
            {
                yield return $"{target} has no retries: retry policy {retry} is not defined";
            }

            if (names.Breaker is { } breaker && !_breakers.ContainsKey(breaker))
            {
                yield return $"{target} has no circuit breaker: circuit breaker policy {breaker} is not defined";
            }
        }
    }

    private void AddPolicies(YamlMap policies)
    {
        foreach (var (policy, text) in policies.Pairs("timeouts"))
        {
            _timeouts[policy] = GoDuration.Parse(text) ?? throw new FormatException($"invalid duration \"{policy}\", {text}");
        }

        foreach (var (policy, map) in policies.Children("retries"))
        {
            var retry = RetryPolicy.Read(policy, map);
            _retries[policy] = retry;
            if (policy == "DaprBuiltInServiceRetries")
            {
                BuiltIn = retry with { MaxRetries = Math.Max(retry.MaxRetries, FewestBuiltIn), HttpStatusCodes = null };
            }
        }

        foreach (var (policy, map) in policies.Children("circuitBreakers"))
        {
            _breakers[policy] = BreakerSpec.Read(map);
        }
    }

    private static PolicyNames NamesOf(YamlMap? target) => new(target?.Text("timeout"), target?.Text("retry"), target?.Text("circuitBreaker"));

    private TargetPolicy Policy(PolicyNames names) => new(
        names.Timeout is { } timeout && _timeouts.TryGetValue(timeout, out var limit) ? limit : null,
        names.Retry is { } retry ? _retries.GetValueOrDefault(retry) : null,
        names.Breaker is { } breaker ? _breakers.GetValueOrDefault(breaker) : null);

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

    private sealed record PolicyNames(string? Timeout, string? Retry, string? Breaker);
}
