using System.Collections.Concurrent;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>A sidecar as the sidecars that invoke its app see it.</summary>
internal interface IInvocationTarget
{
    AppChannel? App { get; }

    /// <summary>Gets the address for error messages.</summary>
    string InternalAddress { get; }

    /// <summary>Gets a token that is canceled when the sidecar is killed or has stopped.</summary>
    CancellationToken Gone { get; }
}

/// <summary>Finds sidecars by app id, instances in turn.</summary>
internal sealed class NameRegistry(TimeProvider time)
{
    // How long a registration is valid without being renewed: until then calls still go to the dead address.
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Entry[]> _entries = new();
    private int _turn;

    /// <summary>Adds an instance; one that was killed and restarts at the same address takes its old place.</summary>
    public void Register(string appId, IInvocationTarget target) => _entries.AddOrUpdate(
        appId,
        [new Entry(target, null)],
        (_, entries) => [.. entries.Where(entry => entry.Target.InternalAddress != target.InternalAddress), new Entry(target, null)]);

    /// <summary>Removes an instance that stops gracefully, at once.</summary>
    public void Unregister(string appId, IInvocationTarget target) => _entries.AddOrUpdate(
        appId, [], (_, entries) => [.. entries.Where(entry => entry.Target != target)]);

    /// <summary>Removes an instance that was killed when its registration expires.</summary>
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

        return live.Length == 0 ? null : live[(int)((uint)Interlocked.Increment(ref _turn) % live.Length)].Target;
    }

    private sealed record Entry(IInvocationTarget Target, DateTimeOffset? Expires);
}
