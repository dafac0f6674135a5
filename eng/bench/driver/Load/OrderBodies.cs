using System.Net.Http.Headers;
using System.Text;

namespace DaprOrders.Bench.Load;

/// <summary>The request bodies of the clients. Each order has a quantity of one, and the items take turns.</summary>
internal sealed class OrderBodies
{
    private readonly byte[][] _bodies;
    private int _next;

    private OrderBodies(IEnumerable<string> bodies, string path, int ordersInEach)
    {
        _bodies = [.. bodies.Select(Encoding.UTF8.GetBytes)];
        Path = new Uri(path, UriKind.Relative);
        OrdersInEach = ordersInEach;
    }

    public Uri Path { get; }

    public int OrdersInEach { get; }

    public static OrderBodies Single(int items) => new(Enumerable.Range(1, items).Select(Order), "/orders", 1);

    public static OrderBodies Batch(int size) =>
        new(Enumerable.Range(0, 10).Select(n => $$"""{"orders":[{{string.Join(',', Enumerable.Range(n * size, size).Select(i => Order((i % 1000) + 1)))}}]}"""), "/orders/batch", size);

    public ByteArrayContent Next()
    {
        var content = new ByteArrayContent(_bodies[(uint)Interlocked.Increment(ref _next) % _bodies.Length]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static string Order(int item) => $$"""{"item_id":"item-{{item}}","quantity":1}""";
}
