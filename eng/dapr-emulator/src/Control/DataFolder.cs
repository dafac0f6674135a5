using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Control;

/// <summary>The folder of a run: the log, and the address at which control commands reach it. One run at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public string AddressFile => AddressFileOf(Path);

    public static string AddressFileOf(string folder) => System.IO.Path.Combine(folder, "control");

    /// <exception cref="RunFileException">Another run has it.</exception>
    public static DataFolder Open(string path)
    {
        Directory.CreateDirectory(path);
        try
        {
            return new DataFolder(
                path,
                new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            throw new RunFileException($"{path} belongs to a run that is still going; stop it, or give another folder with --data");
        }
    }

    public void Dispose()
    {
        File.Delete(AddressFile);
        _lock.Dispose();
    }
}
