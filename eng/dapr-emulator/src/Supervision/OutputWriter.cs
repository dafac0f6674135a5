namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>The console, one whole line at a time, coloured only on a terminal.</summary>
internal sealed class OutputWriter(TextWriter console, bool colours)
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

    /// <summary>Writes a line as the Dapr CLI marks what it does.</summary>
    public void Say(string text) => Line("ℹ️  " + text);

    /// <summary>Writes a line as the Dapr CLI marks what someone should look at.</summary>
    public void Warn(string text) => Line("⚠  " + text);

    public void AppLine(string appId, string text) => Prefixed($"== APP - {appId} == ", text);

    public void SidecarLine(string appId, string text) => Prefixed($"== DAPR - {appId} == ", text);

    private void Prefixed(string prefix, string text) => Line(colours ? Blue + prefix + Reset + text : prefix + text);
}
