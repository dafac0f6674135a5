namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>
/// Builds the mutations one after the other in the background, because a fault run mostly waits. A mutation whose run is next is built first.
/// Keeps only a few builds that no run has taken yet, because each is a copy of several services.
/// </summary>
internal sealed class MutatedBuilds : IAsyncDisposable
{
    private const int MaxAhead = 2;

    private readonly Dictionary<string, Task<MutatedBuild>> _builds = [];
    private readonly HashSet<string> _taken = [];
    private Task _last = Task.CompletedTask;

    /// <summary>Returns the build of a mutation. Starts to build further mutations.</summary>
    public Task<MutatedBuild> TakeAsync(Mutation mutation)
    {
        var build = Start(mutation);
        _taken.Add(mutation.Name);
        foreach (var next in AllMutations.List.Where(next => !_builds.ContainsKey(next.Name)).Take(MaxAhead - Waiting).ToList())
        {
            Start(next);
        }

        return build;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, build) in _builds.Where(build => !_taken.Contains(build.Key)))
        {
            try
            {
                (await build).Dispose();
            }
            catch (InvalidOperationException)
            {
                // No test needed this build.
            }
        }
    }

    private int Waiting => _builds.Keys.Except(_taken).Count();

    private Task<MutatedBuild> Start(Mutation mutation)
    {
        if (!_builds.TryGetValue(mutation.Name, out var build))
        {
            build = BuildAfterAsync(_last, mutation);
            _builds.Add(mutation.Name, build);
            _last = build;
        }

        return build;
    }

    private static async Task<MutatedBuild> BuildAfterAsync(Task previous, Mutation mutation)
    {
        await previous.ContinueWith(_ => { }, TaskScheduler.Default); // whether or not it failed
        return await Task.Run(() => MutatedBuild.CreateAsync(mutation));
    }
}
