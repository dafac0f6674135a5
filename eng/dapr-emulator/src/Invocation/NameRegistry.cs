using System.Collections.Concurrent;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>A sidecar as others see it: what they call when they invoke its app.</summary>
internal interface IInvocationTarget
{
    AppChannel? App { get; }

    /// <summary>Gets the address that errors name.</summary>
    string InternalAddress { get; }

    /// <summary>Gets what is cancelled when the sidecar is gone, however it went.</summary>
    CancellationToken Gone { get; }
}

/// <summary>Finds sidecars by app id, instances in turn.</summary>
internal sealed class NameRegistry(TimeProvider time)
{
    // As long as a registration lives without being renewed: until then calls still go to the dead address.
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Entry[]> _entries = new();
    private int _turn;

    /// <summary>Adds an instance; one that was killed and comes back at the same address takes its old place.</summary>
    public void Register(string appId, IInvocationTarget target) => _entries.AddOrUpdate(
        appId,
        [new Entry(target, null)],
        (_, entries) => [.. entries.Where(entry => entry.Target.InternalAddress != target.InternalAddress), new Entry(target, null)]);

    /// <summary>Takes an instance out at once, as one that stops in good order does.</summary>
    public void Unregister(string appId, IInvocationTarget target) => _entries.AddOrUpdate(
        appId, [], (_, entries) => [.. entries.Where(entry => entry.Target != target)]);

    /// <summary>Leaves an instance that was killed in until its registration would have expired.</summary>
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
