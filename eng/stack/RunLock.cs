using System.Globalization;

namespace DaprOrders.Stack;

/// <summary>Lets one process at a time run the system of a clone. The operating system takes the lock back when the process ends, however it ends.</summary>
public sealed class RunLock : IDisposable
{
    private readonly FileStream _lock;

    private RunLock(FileStream file) => _lock = file;

    /// <summary>Takes the lock.</summary>
    /// <param name="folder">The folder for local data of the clone.</param>
    /// <exception cref="StackException">Another process has it.</exception>
    public static RunLock Take(string folder)
    {
        // The number of the process is in another file, since nobody else can read the locked one.
        var (path, holder) = (Path.Combine(folder, "run.lock"), Path.Combine(folder, "run.pid"));
        try
        {
            var taken = new RunLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return taken;
        }
        catch (IOException e) when (File.Exists(holder))
        {
            throw new StackException($"the system is already running; stop it with: kill {File.ReadAllText(holder)}", e);
        }
    }

    /// <summary>Returns the process that has the lock; null if none has it.</summary>
    /// <param name="folder">The folder for local data of the clone.</param>
    public static int? Holder(string folder)
    {
        var (path, holder) = (Path.Combine(folder, "run.lock"), Path.Combine(folder, "run.pid"));
        if (!File.Exists(path) || !File.Exists(holder))
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
            return int.TryParse(File.ReadAllText(holder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
        }
    }

    public void Dispose() => _lock.Dispose();
}
