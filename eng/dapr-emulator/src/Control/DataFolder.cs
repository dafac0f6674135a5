using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Control;

/// <summary>The folder with the events of a run and the address for control commands. A lock file prevents a second run from using it.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream lockFile)
    {
        Path = path;
        _lock = lockFile;
    }

    public string Path { get; }

    public string AddressFile => AddressFileOf(Path);

    public static string AddressFileOf(string folder) => System.IO.Path.Combine(folder, "control");

    /// <exception cref="RunFileException">Another run uses the folder.</exception>
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
            throw new RunFileException($"{path} is used by another run: stop that run, or choose another folder with --data");
        }
    }

    public void Dispose()
    {
        File.Delete(AddressFile);
        _lock.Dispose();
    }
}
