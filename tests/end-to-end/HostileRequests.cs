using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using DaprOrders.Stack;
using DaprOrders.Testing;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Sends random requests to the routes of the gateway and of the services. None may fail with a 5xx.</summary>
public static class HostileRequests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly (string Name, string Value)[] Order = [("\"item_id\"", "\"item-1\""), ("\"quantity\"", "1")];

    private static readonly Gen<byte[]> Orders = Gen.OneOf(
        HostileJson.Mutated(Order).Select(fields => Bytes(HostileJson.Write(fields))),
        HostileJson.Value.Select(Bytes),
        Gen.Byte.Array[0, 200]);

    private static readonly Gen<byte[]> Batches = Gen.OneOf(
        HostileJson.Mutated(Order).Select(HostileJson.Write).Array[0, 5].Select(orders => Bytes($"{{\"orders\":[{string.Join(',', orders)}]}}")),
        HostileJson.Value.Select(value => Bytes($"{{\"orders\":{value}}}")),
        Orders);

    public static TheoryData<string, string, string> Routes => new()
    {
        { "gateway", "POST", "/orders" }, { "gateway", "POST", "/orders/batch" }, { "gateway", "GET", "/orders" }, { "gateway", "GET", "/orders/{}" },
        { "gateway", "GET", "/inventory" }, { "gateway", "GET", "/inventory/{}" }, { "gateway", "GET", "/notifications" }, { "gateway", "GET", "/{}" },
        { "order", "POST", "/orders" }, { "order", "POST", "/orders/batch" }, { "order", "POST", "/orders/group" }, { "order", "GET", "/orders" }, { "order", "GET", "/orders/{}" },
        { "order", "POST", "/events/inventory.updated" }, { "order", "GET", "/dead-letters" }, { "order", "GET", "/dead-letters/{}" },
        { "order", "DELETE", "/dead-letters" }, { "order", "DELETE", "/dead-letters/{}" }, { "order", "POST", "/dead-letters/redrive" },
        { "order", "POST", "/dead-letters/{}/redrive" }, { "order", "POST", "/events/order.dead" }, { "order", "GET", "/dapr/subscribe" },
        { "inventory", "GET", "/inventory" }, { "inventory", "GET", "/inventory/{}" }, { "inventory", "POST", "/events/order.created" },
        { "notification", "GET", "/notifications" }, { "notification", "POST", "/events/inventory.updated" },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Sends random requests to a route of an app, and returns the number of responses by status.</summary>
    public static async Task<IReadOnlyDictionary<int, int>> SendAsync(StackHost stack, string app, string method, string path, int count)
    {
        var responses = new ConcurrentDictionary<int, int>();
        var instance = stack.Instances.First(candidate => candidate.AppId == app);
        var requests = HostileRequest.For(method, path, path is "/orders/batch" or "/orders/group" ? Batches : Orders, CredentialsOf(stack, path));

        await requests.SampleAsync(
            async request => responses.AddOrUpdate(await SendAsync(instance.Port, request), 1, (_, sent) => sent + 1), iter: count);

        Assert.DoesNotContain("nhandled exception", stack.Runtime.Output, StringComparison.Ordinal);
        return responses;
    }

    private static async Task<int> SendAsync(int port, HostileRequest request)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limit);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(request.Bytes, limit.Token);
        using var response = new MemoryStream();
        await stream.CopyToAsync(response, limit.Token);

        var text = Encoding.Latin1.GetString(response.ToArray());
        Assert.StartsWith("HTTP/1.1 ", text, StringComparison.Ordinal);
        var status = int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture);
        Assert.True(status < 500, text);
        if (status >= 400 && !text.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            Assert.Contains("Content-Type: application/problem+json", text, StringComparison.Ordinal);
        }

        return status;
    }

    private static (string Name, string Value)[] CredentialsOf(StackHost stack, string path) =>
        path.StartsWith("/dead-letters", StringComparison.Ordinal) ? [("Authorization", $"Bearer {stack.Tokens.Operator}")]
        : path.StartsWith("/events/", StringComparison.Ordinal) || path.StartsWith("/dapr/", StringComparison.Ordinal) ? [("dapr-api-token", stack.Tokens.App)]
        : [];

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);
}
