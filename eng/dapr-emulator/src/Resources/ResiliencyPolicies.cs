namespace DaprOrders.DaprEmulator.Resources;

/// <summary>The Resiliency resources of one app, merged.</summary>
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

    /// <summary>Gets the retries of an invocation whose callee's sidecar is gone and whose callee no policy names.</summary>
    public RetryPolicy BuiltIn { get; private set; } = new(false, TimeSpan.FromSeconds(1), MinBuiltInRetries, TimeSpan.MaxValue, null);

    /// <summary>Gets the policy of an app that <c>targets.apps</c> names, or null: only then the built-in retries apply.</summary>
    public TargetPolicy? NamedApp(string appId) => _apps.TryGetValue(appId, out var names) ? Policy(names) : null;

    public TargetPolicy App(string appId) => NamedApp(appId) ?? ByDefault("App");

    public TargetPolicy Inbound(string pubsub) =>
        _inbound.TryGetValue(pubsub, out var names) ? Policy(names) : ByDefault("PubsubComponentInbound", "ComponentInbound", "Component");

    public TargetPolicy Outbound(string pubsub) =>
        _outbound.TryGetValue(pubsub, out var names) ? Policy(names) : ByDefault("PubsubComponentOutbound", "ComponentOutbound", "Component");

    /// <summary>Adds a resource; later ones may use and replace the policies of earlier ones.</summary>
    /// <exception cref="FormatException">A policy is invalid: those before it count, the targets do not.</exception>
    /// <exception cref="ResourceException">It has a circuit breaker.</exception>
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

    /// <summary>Lists the targets whose policies no resource defines; Dapr ignores such a policy silently.</summary>
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
                BuiltIn = retry with { MaxRetries = Math.Max(retry.MaxRetries, MinBuiltInRetries), HttpStatusCodes = null };
            }
        }
    }

    private static PolicyNames NamesOf(YamlMap? target) => new(target?.Text("timeout"), target?.Text("retry"));

    private TargetPolicy Policy(PolicyNames names) => new(
        names.Timeout is { } timeout && _timeouts.TryGetValue(timeout, out var limit) ? limit : null,
        names.Retry is { } retry ? _retries.GetValueOrDefault(retry) : null);

    // Policies that apply by their name alone, the most specific one first.
    private TargetPolicy ByDefault(params ReadOnlySpan<string> prefixes)
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
