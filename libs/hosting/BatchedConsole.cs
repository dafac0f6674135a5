using System.Text;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace DaprOrders.Hosting;

/// <summary>
/// Writes the lines of one moment to standard output by one call: each call wakes whoever reads them, which costs more than the line. What a
/// killed process had not written yet is lost; one that ends by itself writes it first.
/// </summary>
internal sealed class BatchedConsole(ITextFormatter formatter) : IBatchedLogEventSink, IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly StreamWriter _output = new(Console.OpenStandardOutput(), Utf8, bufferSize: 64 << 10);

    /// <summary>Gets how long a line may wait for others, and how many may be written together.</summary>
    public static BatchingOptions Options { get; } = new() { BufferingTimeLimit = TimeSpan.FromMilliseconds(100), BatchSizeLimit = 500 };

    public Task EmitBatchAsync(IReadOnlyCollection<LogEvent> batch)
    {
        foreach (var logEvent in batch)
        {
            formatter.Format(logEvent, _output);
        }

        return _output.FlushAsync();
    }

    public void Dispose() => _output.Dispose();
}
