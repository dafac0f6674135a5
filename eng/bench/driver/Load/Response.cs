using System.Buffers.Text;

namespace DaprOrders.Bench.Load;

/// <summary>What the load generator reads from a response: the status, and the order's id in the Location header if there is one.</summary>
internal readonly record struct Response(int Status, Guid? Order)
{
    private const int StatusPosition = 9; // after "HTTP/1.1 "
    private const int IdLength = 36;

    public bool IsAccepted => Status is 200 or 201;

    /// <summary>Reads a response from the bytes that were received; null while it is incomplete. Nothing is parsed but the head.</summary>
    public static Response? TryRead(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        var head = received[..(end + 2)];
        var body = received[(end + 4)..];
        var isComplete = Header(head, "\r\nContent-Length: "u8) is { Length: > 0 } length && Utf8Parser.TryParse(length, out int bytes, out _)
            ? body.Length >= bytes
            : Header(head, "\r\nTransfer-Encoding: "u8).IsEmpty || body.EndsWith("0\r\n\r\n"u8);
        if (!isComplete || !Utf8Parser.TryParse(head[StatusPosition..], out int status, out _))
        {
            return null;
        }

        var location = Header(head, "\r\nLocation: "u8);
        return new Response(status, location.Length >= IdLength && Utf8Parser.TryParse(location[^IdLength..], out Guid id, out _) ? id : null);
    }

    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        var start = head.IndexOf(name);
        if (start < 0)
        {
            return [];
        }

        var value = head[(start + name.Length)..];
        return value[..value.IndexOf("\r\n"u8)];
    }
}
