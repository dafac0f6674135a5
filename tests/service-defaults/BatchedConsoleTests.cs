using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Serilog.Events;
using Serilog.Formatting.Display;
using Serilog.Parsing;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class BatchedConsoleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_single_line_is_written_without_being_followed_by_another()
    {
        using var output = new Writes();
        using var console = Console(output);

        console.Emit(Line("lone"));

        Assert.Equal("lone\n", await output.NextAsync(Cancel));
    }

    [Fact]
    public async Task Lines_that_come_while_one_was_just_written_are_written_together_in_their_order()
    {
        using var output = new Writes();
        using var console = Console(output);
        console.Emit(Line("first"));
        await output.NextAsync(Cancel);

        var lines = Enumerable.Range(0, 50).Select(n => $"line {n}").ToList();
        lines.ForEach(line => console.Emit(Line(line)));
        var written = new StringBuilder();
        var writes = 0;
        for (; written.Length < lines.Sum(line => line.Length + 1); writes++)
        {
            written.Append(await output.NextAsync(Cancel));
        }

        Assert.Equal(string.Concat(lines.Select(line => $"{line}\n")), written.ToString());
        Assert.InRange(writes, 1, 25); // one, unless this test was held up for long in between
    }

    [Fact]
    public void What_waits_is_written_before_the_end()
    {
        using var output = new Writes();
        using (var console = Console(output))
        {
            for (var n = 0; n < 5000; n++)
            {
                console.Emit(Line($"line {n}"));
            }
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 5000).Select(n => $"line {n}\n")), string.Concat(output.All));
    }

    private static BatchedConsole Console(Stream output) =>
        new(new MessageTemplateTextFormatter("{Message:l}\n", CultureInfo.InvariantCulture), output);

    private static LogEvent Line(string text) =>
        new(DateTimeOffset.UnixEpoch, LogEventLevel.Information, exception: null, new MessageTemplateParser().Parse(text), []);

    /// <summary>Keeps each write apart.</summary>
    private sealed class Writes : MemoryStream
    {
        private readonly ConcurrentQueue<string> _writes = [];
        private readonly SemaphoreSlim _written = new(0);

        public IEnumerable<string> All => _writes;

        public async Task<string> NextAsync(CancellationToken cancellationToken)
        {
            await _written.WaitAsync(cancellationToken);
            return _writes.TryDequeue(out var text) ? text : throw new InvalidOperationException("Nothing was written.");
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _writes.Enqueue(Encoding.UTF8.GetString(buffer));
            _written.Release();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        protected override void Dispose(bool disposing)
        {
            _written.Dispose();
            base.Dispose(disposing);
        }
    }
}
