namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>Writes lines to the console, with colors if it is a terminal.</summary>
internal sealed class OutputWriter(TextWriter console, bool colors)
{
    private const string Blue = "\u001b[34m";
    private const string Reset = "\u001b[0m";
    private readonly Lock _lock = new();

    public static OutputWriter ForConsole() => new(Console.Out, !Console.IsOutputRedirected);

    public void WriteLine(string text)
    {
        lock (_lock)
        {
            console.WriteLine(text);
            console.Flush();
        }
    }

    /// <summary>Writes a line with the information symbol of the Dapr CLI.</summary>
    public void Info(string text) => WriteLine("ℹ️  " + text);

    /// <summary>Writes a line with the warning symbol of the Dapr CLI.</summary>
    public void Warn(string text) => WriteLine("⚠  " + text);

    public void WriteAppLine(string appId, string text) => WritePrefixed($"== APP - {appId} == ", text);

    public void WriteSidecarLine(string appId, string text) => WritePrefixed($"== DAPR - {appId} == ", text);

    private void WritePrefixed(string prefix, string text) => WriteLine(colors ? Blue + prefix + Reset + text : prefix + text);
}
