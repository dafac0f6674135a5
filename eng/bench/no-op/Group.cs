namespace DaprOrders.NoOp;

/// <summary>A call that carries several orders: their bodies in a JSON array. The response is an array of the responses, all of the same length.</summary>
internal static class Group
{
    public const string Path = "/orders/group";

    public static byte[] Join(IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var joined = new byte[1 + parts.Sum(part => part.Length + 1)];
        var position = 0;
        foreach (var part in parts)
        {
            joined[position] = position == 0 ? (byte)'[' : (byte)',';
            part.Span.CopyTo(joined.AsSpan(position + 1));
            position += part.Length + 1;
        }

        joined[position] = (byte)']';
        return joined;
    }

    /// <summary>Returns the number of orders in a joined body. It searches for the property that every order has once.</summary>
    public static int Count(ReadOnlySpan<byte> body) => body.Count("\"item_id\""u8);

    /// <summary>Returns one of the responses.</summary>
    public static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> joined, int parts, int part)
    {
        var stride = (joined.Length - 1) / parts; // a part and the bracket or comma before it
        return joined.Slice((part * stride) + 1, stride - 1);
    }
}
