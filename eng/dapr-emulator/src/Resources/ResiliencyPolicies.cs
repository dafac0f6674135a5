namespace DaprOrders.DaprEmulator.Resources;

/// <summary>The merged Resiliency resources of one app.</summary>
internal sealed class ResiliencyPolicies
{
    private const int MinBuiltInRetries = 3;

    private readonly Dictionary<string, PolicyNames> _apps = [];
    private readonly Dictionary<string, PolicyNames> _inbound = [];
    private readonly Dictionary<string, PolicyNames> _outbound = [];
    private readonly Dictionary<string, RetryPolicy> _retries = [];
    private readonly Dictionary<string, TimeSpan> _timeouts = [];
    private readonly List<string> _names = [];

    public IReadOnlyList<string> Names => _names;

    /// <summary>Gets the retries for an invocation whose callee has no policy and whose callee's sidecar cannot be reached.</summary>
    public RetryPolicy BuiltInRetries { get; private set; } = new(false, TimeSpan.FromSeconds(1), MinBuiltInRetries, TimeSpan.MaxValue, null);

    /// <summary>Gets the policy for an app in <c>targets.apps</c>, or null. The built-in retries apply only if it is null.</summary>
    public TargetPolicy? NamedApp(string appId) => _apps.TryGetValue(appId, out var names) ? Policy(names) : null;

    public TargetPolicy App(string appId) => NamedApp(appId) ?? DefaultPolicy("App");

    public TargetPolicy Inbound(string pubsub) =>
        _inbound.TryGetValue(pubsub, out var names) ? Policy(names) : DefaultPolicy("PubsubComponentInbound", "ComponentInbound", "Component");

    public TargetPolicy Outbound(string pubsub) =>
        _outbound.TryGetValue(pubsub, out var names) ? Policy(names) : DefaultPolicy("PubsubComponentOutbound", "ComponentOutbound", "Component");

    /// <summary>Adds a resource. It can use and replace policies of resources that were added earlier.</summary>
    /// <exception cref="FormatException">A policy is invalid. Policies before it are kept, but the targets are ignored.</exception>
    /// <exception cref="ResourceException">The resource has a circuit breaker.</exception>
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

    /// <summary>Lists targets that name an undefined policy. Dapr ignores such a policy silently.</summary>
    public IEnumerable<string> UndefinedPolicies()
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
        }
    }

    private void AddPolicies(YamlMap policies)
    {
        if (policies.Has("circuitBreakers"))
        {
            throw new ResourceException("circuitBreakers are not emulated: remove them or run the app on Dapr");
        }

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
                BuiltInRetries = retry with { MaxRetries = Math.Max(retry.MaxRetries, MinBuiltInRetries), HttpStatusCodes = null };
            }
        }
    }

    private static PolicyNames NamesOf(YamlMap? target) => new(target?.Text("timeout"), target?.Text("retry"));

    private TargetPolicy Policy(PolicyNames names) => new(
        names.Timeout is { } timeout && _timeouts.TryGetValue(timeout, out var limit) ? limit : null,
        names.Retry is { } retry ? _retries.GetValueOrDefault(retry) : null);

    // Finds policies that apply by default because of their name, such as DefaultRetryPolicy. The most specific name takes precedence.
    private TargetPolicy DefaultPolicy(params ReadOnlySpan<string> prefixes)
    {
        TimeSpan? timeout = null;
        RetryPolicy? retry = null;
        foreach (var prefix in (ReadOnlySpan<string>)[.. prefixes, ""])
        {
            timeout ??= _timeouts.TryGetValue($"Default{prefix}TimeoutPolicy", out var limit) ? limit : null;
            retry ??= _retries.GetValueOrDefault($"Default{prefix}RetryPolicy");
        }

        return timeout is null && retry is null ? TargetPolicy.None : new TargetPolicy(timeout, retry);
    }

    private sealed record PolicyNames(string? Timeout, string? Retry);
}
