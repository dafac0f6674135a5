using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Control;

/// <summary>The folder of a run: its events, and the address for control commands. Only one run at a time uses it.</summary>
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

    /// <exception cref="RunFileException">Another run uses it.</exception>
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
            throw new RunFileException($"{path} is used by another run; stop it, or use another folder with --data");
        }
    }

    public void Dispose()
    {
        File.Delete(AddressFile);
        _lock.Dispose();
    }
}
