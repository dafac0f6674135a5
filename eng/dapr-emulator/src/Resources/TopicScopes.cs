namespace DaprOrders.DaprEmulator.Resources;

/// <summary>Decides which topics an app may publish or subscribe to, based on the metadata of a component.</summary>
internal sealed class TopicScopes
{
    private readonly HashSet<string>? _publishing;
    private readonly HashSet<string>? _subscription;
    private readonly HashSet<string> _allowed;
    private readonly HashSet<string> _protected;

    public TopicScopes(Component component, string appId)
    {
        _publishing = OfApp(component.Setting("publishingScopes"), appId);
        _subscription = OfApp(component.Setting("subscriptionScopes"), appId);
        _allowed = Split(component.Setting("allowedTopics"));
        _protected = Split(component.Setting("protectedTopics"));
    }

    public bool MayPublish(string topic) => IsAllowed(topic, _publishing);

    public bool MaySubscribe(string topic) => IsAllowed(topic, _subscription);

    private bool IsAllowed(string topic, HashSet<string>? scoped)
    {
        if (_allowed.Count > 0 && !_allowed.Contains(topic))
        {
            return false;
        }

        return scoped?.Contains(topic) ?? !_protected.Contains(topic);
    }

    // Example: "app1=a,b;app2=". Here app2 may use no topic, and apps that are not listed may use all topics.
    private static HashSet<string>? OfApp(string? scopes, string appId)
    {
        foreach (var scope in (scopes ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = scope.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts[0] == appId)
            {
                return Split(parts.ElementAtOrDefault(1));
            }
        }

        return null;
    }

    private static HashSet<string> Split(string? list) =>
        [.. (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
