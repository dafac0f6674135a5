using System.Buffers.Text;
using System.Diagnostics;
using System.Text;

namespace DaprOrders.NoOp;

/// <summary>
/// The body of a bulk publish with as many entries as the relay of libs/messaging sends at most, each with the same constant event. It is
/// written once; what differs from call to call is the number at the end of the ids.
/// </summary>
internal sealed class BulkPublish
{
    public const int LargestBatch = 200;

    private const string IdStart = "0199b0c2-7e2a-7c3e-9d1f-";
    private const string Number = "000000000000";

    // Behind the opening bracket each entry takes this much, with the comma or closing bracket that follows it.
    private readonly int _stride;
    private readonly int[] _numbers;
    private long _next;

    /// <param name="topic">The topic, which is also the type of the events.</param>
    /// <param name="data">The data of the events, JSON.</param>
    public BulkPublish(string topic, string data)
    {
        // Property by property what BulkPublishEntry in libs/messaging writes.
        var entry =
            $$$"""{"entryId":"{{{IdStart}}}{{{Number}}}","event":{{{data}}},"contentType":"application/json","metadata":{"cloudevent.id":"{{{IdStart}}}{{{Number}}}","cloudevent.type":"{{{topic}}}","partitionKey":"{{{IdStart}}}{{{Number}}}","cloudevent.traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}},""";
        _stride = Encoding.UTF8.GetByteCount(entry);
        _numbers = [.. Positions(entry, $"\"{IdStart}{Number}\"").Select(at => at + 1 + IdStart.Length)];
        Body = Encoding.UTF8.GetBytes("[" + string.Concat(Enumerable.Repeat(entry, LargestBatch)));
    }

    /// <summary>Gets the buffer; <see cref="Prepare"/> says how much of it is the body.</summary>
    public byte[] Body { get; }

    /// <summary>Makes the body one of so many new events.</summary>
    /// <returns>Its length.</returns>
    public int Prepare(int entries)
    {
        for (var i = 0; i < entries; i++)
        {
            var entry = Body.AsSpan(1 + (i * _stride), _stride);
            foreach (var at in _numbers)
            {
                var isWritten = Utf8Formatter.TryFormat(_next, entry.Slice(at, Number.Length), out _, new('D', (byte)Number.Length));
                Debug.Assert(isWritten, "the number has as many digits as there is room");
            }

            entry[^1] = i == entries - 1 ? (byte)']' : (byte)',';
            _next++;
        }

        return 1 + (entries * _stride);
    }

    private static IEnumerable<int> Positions(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            yield return at;
        }
    }
}
