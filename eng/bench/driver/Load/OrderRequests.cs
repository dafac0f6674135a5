using System.Buffers.Text;
using System.Text;

namespace DaprOrders.Bench.Load;

/// <summary>The idempotency keys that the clients send.</summary>
internal enum KeyKind
{
    /// <summary>No key. The gateway creates one, a UUID of version 7.</summary>
    None,

    /// <summary>A new UUID of version 4 for each request, so that new keys go to random pages of the index.</summary>
    Random,
}

/// <summary>
/// The HTTP requests of the clients, built before the measurement. Each order has a quantity of one, and the items take turns. Not thread-safe.
/// </summary>
internal sealed class OrderRequests
{
    private const string KeyHeader = "Idempotency-Key: ";
    private const int DifferentBatches = 10;

    private readonly byte[][] _requests;
    private readonly int _keyPosition;
    private int _next;

    private OrderRequests(IEnumerable<string> bodies, string path, int ordersInEach, KeyKind keys)
    {
        var start = $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        var key = keys is KeyKind.Random ? $"{KeyHeader}{Guid.Empty}\r\n" : "";
        _requests = [.. bodies.Select(body => Encoding.UTF8.GetBytes($"{start}{key}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"))];
        _keyPosition = keys is KeyKind.Random ? start.Length + KeyHeader.Length : 0;
        OrdersInEach = ordersInEach;
    }

    public int OrdersInEach { get; }

    public static OrderRequests Single(int items, KeyKind keys = KeyKind.None) => new(Enumerable.Range(1, items).Select(Order), "/orders", 1, keys);

    public static OrderRequests Batch(int size) => new(
        Enumerable.Range(0, DifferentBatches).Select(n => $$"""{"orders":[{{string.Join(',', Enumerable.Range(n * size, size).Select(i => Order((i % 1000) + 1)))}}]}"""),
        "/orders/batch", size, KeyKind.None);

    /// <summary>Returns the next request. It is valid until the same request is returned again.</summary>
    public ReadOnlySpan<byte> Next()
    {
        var request = _requests[(uint)_next++ % _requests.Length];
        if (_keyPosition > 0)
        {
            Utf8Formatter.TryFormat(Guid.NewGuid(), request.AsSpan(_keyPosition), out _);
        }

        return request;
    }

    private static string Order(int item) => $$"""{"item_id":"item-{{item}}","quantity":1}""";
}
