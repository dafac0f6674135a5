using System.Globalization;

namespace DaprOrders.DaprEmulator.Hosting;

/// <summary>Writes the messages of a sidecar to its log file. Also writes warnings and errors to the console.</summary>
internal sealed class SidecarLogger(string appId, Action<string> toFile, Action<string>? toConsole) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var text = formatter(state, exception);
        var cause = exception is null ? "" : $" error=\"{exception}\"";
        var time = DateTime.Now.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffK", CultureInfo.InvariantCulture);
        toFile($"time=\"{time}\" level={LevelName(logLevel)} msg=\"{text}\" app_id={appId}{cause}");
        if (logLevel >= LogLevel.Warning)
        {
            toConsole?.Invoke($"{LevelName(logLevel)}: {text}");
        }
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "fatal",
    };
}
