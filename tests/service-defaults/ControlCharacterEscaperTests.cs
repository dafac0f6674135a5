using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class ControlCharacterEscaperTests
{
    [Theory]
    [InlineData("id\n12:00:00.000 INF forged", "id\\u000a12:00:00.000 INF forged")]
    [InlineData("\u001b[31mred\0", "\\u001b[31mred\\u0000")]
    [InlineData("order é 1", "order é 1")]
    public void Control_characters_in_a_value_are_escaped(string value, string expected)
    {
        var sink = new Sink();
        using var logger = new LoggerConfiguration().Enrich.With<ControlCharacterEscaper>().WriteTo.Sink(sink).CreateLogger();

        logger.Information("Event {Id} of {Count}", value, 1);

        Assert.Equal(expected, ((ScalarValue)sink.Event!.Properties["Id"]).Value);
    }

    private sealed class Sink : ILogEventSink
    {
        public LogEvent? Event { get; private set; }

        public void Emit(LogEvent logEvent) => Event = logEvent;
    }
}
