namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>Notices that an app was built anew: the files that its command names, and the libraries in its <c>bin</c> and artifacts folders.</summary>
internal sealed class BuildWatch : IDisposable
{
    // A build writes many files; when it has written none for so long it is done.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(0.5);

    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly Timer _timer;

    public BuildWatch(string directory, IReadOnlyList<string> command, Action changed)
    {
        _timer = new Timer(_ => changed());
        Watch(Path.Combine(directory, "bin"), "*.dll", recursive: true);
        for (var i = 1; i < command.Count; i++)
        {
            var path = Path.GetFullPath(command[i], directory);
            if (File.Exists(path))
            {
                Watch(Path.GetDirectoryName(path)!, path.EndsWith(".dll", StringComparison.Ordinal) ? "*.dll" : Path.GetFileName(path), recursive: false);
            }
            else if (command[i - 1] == "--artifacts-path")
            {
                Watch(path, "*.dll", recursive: true);
            }
        }
    }

    public void Dispose()
    {
        _watchers.ForEach(watcher => watcher.Dispose());
        _timer.Dispose();
    }

    private void Watch(string folder, string filter, bool recursive)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        var watcher = new FileSystemWatcher(folder, filter) { IncludeSubdirectories = recursive };
        watcher.Changed += (_, _) => _timer.Change(Quiet, Timeout.InfiniteTimeSpan);
        watcher.Created += (_, _) => _timer.Change(Quiet, Timeout.InfiniteTimeSpan);
        watcher.Renamed += (_, _) => _timer.Change(Quiet, Timeout.InfiniteTimeSpan);
        watcher.EnableRaisingEvents = true;
        _watchers.Add(watcher);
    }
}
