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

    public void Dispose() => _lock.Dispose();
}
