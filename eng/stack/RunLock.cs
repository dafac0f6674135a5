using System.Globalization;

namespace DaprOrders.Stack;

/// <summary>Allows one process at a time to run the system of a clone. The operating system releases the lock when the process ends, even after a crash.</summary>
public sealed class RunLock : IDisposable
{
    private readonly FileStream _lock;

    private RunLock(FileStream file) => _lock = file;

    /// <summary>Takes the lock.</summary>
    /// <param name="folder">The folder for local data of the clone.</param>
    /// <exception cref="StackException">Another process has the lock.</exception>
    public static RunLock Take(string folder)
    {
        // The process id is in a separate file, because other processes cannot read the locked file.
        var (path, pidFile) = (Path.Combine(folder, "run.lock"), Path.Combine(folder, "run.pid"));
        try
        {
            var taken = new RunLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            File.WriteAllText(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return taken;
        }
        catch (IOException e) when (File.Exists(pidFile))
        {
            throw new StackException($"the system is already running; stop it with: kill {File.ReadAllText(pidFile)}", e);
        }
    }

    /// <summary>Returns the id of the process that has the lock; null if no process has it.</summary>
    /// <param name="folder">The folder for local data of the clone.</param>
    public static int? Holder(string folder)
    {
        var (path, pidFile) = (Path.Combine(folder, "run.lock"), Path.Combine(folder, "run.pid"));
        if (!File.Exists(path) || !File.Exists(pidFile))
        {
            return null;
        }

        try
        {
            new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return null;
        }
        catch (IOException)
        {
            return int.TryParse(File.ReadAllText(pidFile), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
        }
    }

    public void Dispose() => _lock.Dispose();
}
