using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>A log file as the Dapr CLI writes it: a new one for every run, without colors.</summary>
internal sealed partial class LogFile : IDisposable
{
    private readonly Lock _gate = new();
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
        // Two instances of one app may start in the same second.
        var number = instance == 1 ? "" : $"_{instance}";
        var stream = new FileStream(Path.Combine(folder, $"{appId}_{kind}_{time}{number}.log"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        _writer = new StreamWriter(stream) { AutoFlush = true };
    }

    public void Line(string text)
    {
        if (_writer is null)
        {
            return;
        }

        lock (_gate)
        {
            _writer.WriteLine(text.Contains('\u001b') ? Colors().Replace(text, "") : text);
        }
    }

    public void Dispose() => _writer?.Dispose();

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex Colors();
}
