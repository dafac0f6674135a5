using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using DaprOrders.Stack;
using Microsoft.Extensions.Time.Testing;
using Serilog.Events;
using Serilog.Formatting.Display;
using Serilog.Parsing;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class BatchedConsoleTests
{
    [Fact]
    public async Task Single_line_is_written_at_once()
    {
        using var output = new Writes();
        using var console = Console(output, new FakeTimeProvider());

        console.Emit(Line("lone"));
        await Wait.UntilAsync("a write", () => !output.All.IsEmpty);

        Assert.Equal(["lone\n"], output.All);
    }

    [Fact]
    public async Task Lines_within_100_ms_after_a_write_are_written_together()
    {
        var time = new FakeTimeProvider();
        using var output = new Writes();
        using var console = Console(output, time);
        console.Emit(Line("first"));
        await Wait.UntilAsync("the first write", () => output.All.Count == 1);

        var lines = Enumerable.Range(0, 50).Select(n => $"line {n}").ToList();
        lines.ForEach(line => console.Emit(Line(line)));
        Assert.Single(output.All);
        await Wait.UntilAsync("the next write", () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return output.All.Count > 1;
        });

        Assert.Equal(["first\n", string.Concat(lines.Select(line => $"{line}\n"))], output.All);
    }

    [Fact]
    public void Waiting_lines_are_written_before_the_end()
    {
        using var output = new Writes();
        using (var console = Console(output, new FakeTimeProvider()))
        {
            for (var n = 0; n < 5000; n++)
            {
                console.Emit(Line($"line {n}"));
            }
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 5000).Select(n => $"line {n}\n")), string.Concat(output.All));
    }

    private static BatchedConsole Console(Stream output, TimeProvider time) =>
        new(new MessageTemplateTextFormatter("{Message:l}\n", CultureInfo.InvariantCulture), output, time);

    private static LogEvent Line(string text) =>
        new(DateTimeOffset.UnixEpoch, LogEventLevel.Information, exception: null, new MessageTemplateParser().Parse(text), []);

    /// <summary>Keeps each write apart.</summary>
    private sealed class Writes : MemoryStream
    {
        public ConcurrentQueue<string> All { get; } = [];

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => All.Enqueue(Encoding.UTF8.GetString(buffer));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
