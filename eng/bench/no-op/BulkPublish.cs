using System.Buffers.Text;
using System.Diagnostics;
using System.Text;

namespace DaprOrders.NoOp;

/// <summary>
/// The body of a bulk publish with the maximum number of entries of the relay in libs/messaging. All entries have the same event. The body is written
/// once; each call changes only the numbers at the end of the ids.
/// </summary>
internal sealed class BulkPublish
{
    public const int LargestBatch = 200;

    private const string IdStart = "0199b0c2-7e2a-7c3e-9d1f-";
    private const string Number = "000000000000";

    // The length of an entry with the comma or closing bracket after it.
    private readonly int _stride;
    private readonly int[] _numberPositions;
    private long _next;

    /// <param name="topic">The topic, which is also the type of the events.</param>
    /// <param name="data">The data of the events, as JSON.</param>
    public BulkPublish(string topic, string data)
    {
        // The same properties as those of BulkPublishEntry in libs/messaging.
        var entry =
            $$$"""{"entryId":"{{{IdStart}}}{{{Number}}}","event":{{{data}}},"contentType":"application/json","metadata":{"cloudevent.id":"{{{IdStart}}}{{{Number}}}","cloudevent.type":"{{{topic}}}","partitionKey":"{{{IdStart}}}{{{Number}}}","cloudevent.traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}},""";
        _stride = Encoding.UTF8.GetByteCount(entry);
        _numberPositions = [.. Positions(entry, $"\"{IdStart}{Number}\"").Select(at => at + 1 + IdStart.Length)];
        Body = Encoding.UTF8.GetBytes("[" + string.Concat(Enumerable.Repeat(entry, LargestBatch)));
    }

    /// <summary>Gets the buffer. <see cref="Prepare"/> returns how many bytes of it are the body.</summary>
    public byte[] Body { get; }

    /// <summary>Writes new ids for this number of entries, and returns the length of the body.</summary>
    public int Prepare(int entries)
    {
        for (var i = 0; i < entries; i++)
        {
            var entry = Body.AsSpan(1 + (i * _stride), _stride);
            foreach (var at in _numberPositions)
            {
                var isWritten = Utf8Formatter.TryFormat(_next, entry.Slice(at, Number.Length), out _, new('D', (byte)Number.Length));
                Debug.Assert(isWritten, "the number must fit into its place");
            }

            entry[^1] = i == entries - 1 ? (byte)']' : (byte)',';
            _next++;
        }

        return 1 + (entries * _stride);
    }

    private static IEnumerable<int> Positions(string text, string value)
    {
        for (var at = text.IndexOf(value, StringComparison.Ordinal); at >= 0; at = text.IndexOf(value, at + 1, StringComparison.Ordinal))
        {
            yield return at;
        }
    }
}
