namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>Writes whole lines to the console, with colors on a terminal.</summary>
internal sealed class OutputWriter(TextWriter console, bool colors)
{
    private const string Blue = "\u001b[34m";
    private const string Reset = "\u001b[0m";
    private readonly Lock _gate = new();

    public static OutputWriter ForConsole() => new(Console.Out, !Console.IsOutputRedirected);

    public void Line(string text)
    {
        lock (_gate)
        {
            console.WriteLine(text);
            console.Flush();
        }
    }

    /// <summary>Writes a line with the Dapr CLI's mark for information.</summary>
    public void Say(string text) => Line("ℹ️  " + text);

    /// <summary>Writes a line with the Dapr CLI's mark for warnings.</summary>
    public void Warn(string text) => Line("⚠  " + text);

    public void AppLine(string appId, string text) => Prefixed($"== APP - {appId} == ", text);

    public void SidecarLine(string appId, string text) => Prefixed($"== DAPR - {appId} == ", text);

    private void Prefixed(string prefix, string text) => Line(colors ? Blue + prefix + Reset + text : prefix + text);
}
