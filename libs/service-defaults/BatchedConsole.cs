using System.Text;
using System.Threading.Channels;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Writes a line to standard output at once, and the lines of the next tenth of a second in one call: each call wakes the process that reads
/// them, which costs more than the line. A killed process loses lines that were not written yet; one that ends normally writes them first.
/// Serilog's own batches wake up ten times a second while there is nothing to write.
/// </summary>
internal sealed class BatchedConsole : ILogEventSink, IDisposable
{
    /// <summary>Lines kept while nothing reads the output. Further lines are dropped, so that memory does not run out.</summary>
    private const int MostWaiting = 100_000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ITextFormatter _formatter;
    private readonly StreamWriter _output;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _writing;

    private readonly Channel<LogEvent> _lines = Channel.CreateBounded<LogEvent>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    public BatchedConsole(ITextFormatter formatter, Stream output, TimeProvider time)
    {
        _formatter = formatter;
        _time = time;
        _output = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 64 << 10);
        _writing = Task.Run(WriteAsync);
    }

    public void Emit(LogEvent logEvent) => _lines.Writer.TryWrite(logEvent);

    /// <summary>Writes what is left.</summary>
    public void Dispose()
    {
        _lines.Writer.TryComplete();
        _ending.Cancel();
        _writing.Wait();
        _output.Dispose();
        _ending.Dispose();
    }

    private async Task WriteAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            while (_lines.Reader.TryRead(out var line))
            {
                _formatter.Format(line, _output);
            }

            await _output.FlushAsync();
            await Task.Delay(Pause, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
