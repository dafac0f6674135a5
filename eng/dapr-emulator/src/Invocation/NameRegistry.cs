using System.Collections.Concurrent;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>Provides what other sidecars need to invoke the app of a sidecar.</summary>
internal interface IInvocationTarget
{
    AppChannel? App { get; }

    /// <summary>Gets the address that error messages show.</summary>
    string InternalAddress { get; }

    /// <summary>Gets a token that is canceled when the sidecar stops or is killed.</summary>
    CancellationToken Stopped { get; }
}

/// <summary>Finds sidecars by app id. Returns the instances of an app in turn.</summary>
internal sealed class NameRegistry(TimeProvider time)
{
    // How long the registration of a killed sidecar stays valid. Until then, invocations still go to it and fail, as on Dapr.
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Entry[]> _entries = new();
    private int _next;

    /// <summary>Adds an instance. Replaces the entry of a killed instance with the same address.</summary>
    public void Register(string appId, IInvocationTarget target) => _entries.AddOrUpdate(
        appId,
        [new Entry(target, null)],
        (_, entries) => [.. entries.Where(entry => entry.Target.InternalAddress != target.InternalAddress), new Entry(target, null)]);

    /// <summary>Removes an instance that stops gracefully.</summary>
    public void Unregister(string appId, IInvocationTarget target) => _entries.AddOrUpdate(
        appId, [], (_, entries) => [.. entries.Where(entry => entry.Target != target)]);

    /// <summary>Lets the registration of a killed instance expire.</summary>
    public void Expire(string appId, IInvocationTarget target) => _entries.AddOrUpdate(
        appId, [], (_, entries) => [.. entries.Select(entry =>
            entry.Target == target ? entry with { Expires = time.GetUtcNow() + Expiry } : entry)]);

    public IInvocationTarget? Resolve(string appId)
    {
        if (!_entries.TryGetValue(appId, out var entries))
        {
            return null;
        }

        var now = time.GetUtcNow();
        var live = Array.FindAll(entries, entry => entry.Expires is not { } expires || expires > now);
        if (live.Length < entries.Length)
        {
            _entries.TryUpdate(appId, live, entries);
        }

        return live.Length == 0 ? null : live[(int)((uint)Interlocked.Increment(ref _next) % live.Length)].Target;
    }

    private sealed record Entry(IInvocationTarget Target, DateTimeOffset? Expires);
}
