using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>Writes a log file like those of the Dapr CLI: one file per start, without colors.</summary>
internal sealed partial class LogFile : IDisposable
{
    private readonly Lock _lock = new();
    private readonly StreamWriter? _writer;

    /// <param name="kind"><c>app</c> or <c>daprd</c>.</param>
    public LogFile(string directory, string appId, int instance, string kind, bool enabled)
    {
        if (!enabled)
        {
            return;
        }

        var folder = Path.Combine(directory, ".dapr", "logs");
        Directory.CreateDirectory(folder);
        var time = DateTime.Now.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
        // Two instances of an app may start in the same second.
        var number = instance == 1 ? "" : $"_{instance}";
        var stream = new FileStream(Path.Combine(folder, $"{appId}_{kind}_{time}{number}.log"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        _writer = new StreamWriter(stream) { AutoFlush = true };
    }

    public void WriteLine(string text)
    {
        if (_writer is null)
        {
            return;
        }

        lock (_lock)
        {
            _writer.WriteLine(text.Contains('\u001b') ? ColorCodes().Replace(text, "") : text);
        }
    }

    public void Dispose() => _writer?.Dispose();

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex ColorCodes();
}
