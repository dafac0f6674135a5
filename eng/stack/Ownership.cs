namespace DaprOrders.Stack;

/// <summary>
/// Marks the child processes and the temporary folders of this process, so that the next run can remove them if this process is killed. The owner
/// holds a lock on a file in the temporary folder, which the operating system releases when the owner ends.
/// </summary>
public static class Ownership
{
    /// <summary>An environment variable that every child process inherits.</summary>
    internal const string Variable = "DAPR_ORDERS_OWNER";

    private const string LockPrefix = "dapr-orders-owner-";
    private const string Memory = "/dev/shm";

    private static readonly Lazy<string> Owner = new(Claim);
    private static readonly Lazy<Task> Removal = new(RemoveLeftoversAsync);
    private static FileStream? _lock;
    private static int _folders;

    /// <summary>Marks the processes that this process starts from now on.</summary>
    public static void MarkChildProcesses() => _ = Owner.Value;

    /// <summary>Removes the leftovers of killed owners, at the first call in this process, and marks the processes that are started from now on.</summary>
    public static Task PrepareAsync()
    {
        MarkChildProcesses();
        return Removal.Value;
    }

    /// <summary>Creates a folder that only this user can read.</summary>
    /// <param name="kind">A word that says what the folder contains.</param>
    /// <param name="isInMemory">Whether to create it in memory, on Linux.</param>
    public static string CreateFolder(string kind, bool isInMemory = false)
    {
        var path = Path.Combine(isInMemory ? Memory : Path.GetTempPath(), $"dapr-orders-{kind}-{Owner.Value}-{Interlocked.Increment(ref _folders):D4}");
        if (OperatingSystem.IsWindows())
        {
            return Directory.CreateDirectory(path).FullName;
        }

        return Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
    }

    /// <summary>Ends the processes and removes the mounts and folders of all owners that have ended.</summary>
    public static async Task RemoveLeftoversAsync()
    {
        // A killed process can leave a child that is itself an owner, so look again after each removal.
        while (await RemoveOnceAsync())
        {
        }
    }

    private static async Task<bool> RemoveOnceAsync()
    {
        var hasRemoved = false;
        foreach (var file in Directory.GetFiles(Path.GetTempPath(), $"{LockPrefix}*"))
        {
            try
            {
                await using var taken = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                var id = Path.GetFileName(file)[LockPrefix.Length..];
                await Leftovers.StopAsync(Variable, id);
                foreach (var folder in FoldersOf(id))
                {
                    await UnmountAsync(folder);
                    Directory.Delete(folder, recursive: true);
                }

                File.Delete(file);
                hasRemoved = true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The owner is running, another process removes its leftovers, or they belong to another user.
            }
        }

        return hasRemoved;
    }

    private static IEnumerable<string> FoldersOf(string id) => ((string[])[Path.GetTempPath(), Memory]).Where(Directory.Exists)
        .SelectMany(parent => Directory.GetDirectories(parent, $"dapr-orders-*-{id}-*"));

    private static async Task UnmountAsync(string folder)
    {
        if (OperatingSystem.IsLinux() && File.ReadLines("/proc/mounts").Any(line => line.Contains($" {folder} ", StringComparison.Ordinal)))
        {
            // Lazily, because a process that was just killed may still use it.
            await ProcessRunner.RunAsync(["umount", "--lazy", folder], "/", TimeSpan.FromSeconds(10), null, CancellationToken.None);
        }
    }

    private static string Claim()
    {
        var id = Guid.NewGuid().ToString("N");
        var (created, path) = (Path.Combine(Path.GetTempPath(), $"dapr-orders-new-{id}"), Path.Combine(Path.GetTempPath(), LockPrefix + id));
        _lock = new FileStream(created, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);

        // Renamed after it is locked, because another process may look for unlocked files at any time.
        File.Move(created, path);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            _lock.Dispose();
            if (!FoldersOf(id).Any())
            {
                File.Delete(path); // otherwise the next run removes the folders
            }
        };
        Environment.SetEnvironmentVariable(Variable, id);
        return id;
    }
}
