using System.Globalization;
using System.Text;
using Serilog.Core;
using Serilog.Events;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Escapes control characters in the values of a log message. Otherwise a value that someone else has chosen, for example the id of an event,
/// could add a forged line to a text log.
/// </summary>
internal sealed class ControlCharacterEscaper : ILogEventEnricher
{
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        List<LogEventProperty>? escaped = null;
        foreach (var (name, value) in logEvent.Properties)
        {
            if (value is ScalarValue { Value: string text } && text.Any(char.IsControl))
            {
                (escaped ??= []).Add(new LogEventProperty(name, new ScalarValue(Escape(text))));
            }
        }

        escaped?.ForEach(logEvent.AddOrUpdateProperty);
    }

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            _ = char.IsControl(c) ? escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : escaped.Append(c);
        }

        return escaped.ToString();
    }
}
