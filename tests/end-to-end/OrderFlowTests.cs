using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.EndToEnd.Tests;

public sealed class OrderFlowTests(StackFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private StackHost Stack => fixture.Stack;

    [Fact]
    public async Task Order_is_confirmed_and_stored_in_each_database()
    {
        var placed = await PlaceAsync("item-123");
        Assert.Equal("pending", placed.GetProperty("status").GetString());
        var id = placed.GetProperty("id").GetString()!;

        Assert.Equal("confirmed", (await WaitUntilSettledAsync(id)).GetProperty("status").GetString());
        Assert.Equal("reserved", (await GetNotificationAsync(id)).GetProperty("outcome").GetString());
        Assert.Equal("confirmed", await Stack.QueryAsync("orders_db", $"SELECT status FROM orders WHERE id = '{id}'"));
        Assert.Equal("reserved", await Stack.QueryAsync("inventory_db", $"SELECT outcome FROM reservations WHERE order_id = '{id}'"));
        Assert.Equal("reserved", await Stack.QueryAsync("notification_db", $"SELECT outcome FROM notifications WHERE order_id = '{id}'"));
    }

    [Fact]
    public async Task Order_is_rejected_when_its_item_is_out_of_stock()
    {
        var item = await CreateItemAsync(3);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("confirmed", (await OrderAsync(item)).GetProperty("status").GetString());
        }

        var fourth = await OrderAsync(item);

        Assert.Equal("rejected", fourth.GetProperty("status").GetString());
        Assert.Equal("out_of_stock", fourth.GetProperty("reason").GetString());
        Assert.Equal("out_of_stock", (await GetNotificationAsync(fourth.GetProperty("id").GetString()!)).GetProperty("reason").GetString());
        Assert.Equal(0, await GetAvailableAsync(item));
    }

    [Fact]
    public async Task Order_for_an_unknown_item_is_rejected()
    {
        var order = await OrderAsync("no-such-item");

        Assert.Equal("rejected", order.GetProperty("status").GetString());
        Assert.Equal("unknown_item", order.GetProperty("reason").GetString());
        using var stock = await Stack.Gateway.GetAsync(new Uri("/inventory/no-such-item", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.NotFound, stock.StatusCode);
    }

    [Fact]
    public async Task Exactly_100_of_200_concurrent_orders_for_100_units_are_confirmed()
    {
        var item = await CreateItemAsync(100);

        var orders = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => OrderAsync(item)));

        Assert.Equal(100, orders.Count(order => order.GetProperty("status").GetString() == "confirmed"));
        Assert.Equal(100, orders.Count(order => order.TryGetProperty("reason", out var reason) && reason.GetString() == "out_of_stock"));
        Assert.Equal(0, await GetAvailableAsync(item));
        Assert.Equal(
            100L, await Stack.QueryAsync("inventory_db", $"SELECT sum(quantity) FROM reservations WHERE item_id = '{item}' AND outcome = 'reserved'"));
    }

    [Theory]
    [InlineData("orders", "inventory_db")]
    [InlineData("inventory", "notification_db")]
    [InlineData("notification", "orders_db")]
    public async Task Role_of_a_service_cannot_connect_to_another_database(string role, string database)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Stack.QueryAsync(database, "SELECT 1", role));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Theory]
    [InlineData("orders_db", "orders")]
    [InlineData("inventory_db", "stock")]
    [InlineData("notification_db", "notifications")]
    public async Task Role_of_a_service_cannot_create_change_or_drop_tables(string database, string table)
    {
        foreach (var sql in (string[])["CREATE TABLE other ()", $"ALTER TABLE {table} ADD COLUMN note text", $"DROP TABLE {table}"])
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => Stack.QueryAsync(database, sql));

            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }

    /// <summary>Creates an item with a unique id, so that no other test or earlier run orders it.</summary>
    private async Task<string> CreateItemAsync(int units)
    {
        var item = $"test-{Guid.NewGuid():N}";
        await Stack.QueryAsync("inventory_db", $"INSERT INTO stock (item_id, initial, available) VALUES ('{item}', {units}, {units})");
        return item;
    }

    private async Task<JsonElement> OrderAsync(string itemId) =>
        await WaitUntilSettledAsync((await PlaceAsync(itemId)).GetProperty("id").GetString()!);

    /// <summary>Places an order and retries with the same idempotency key, as a client should.</summary>
    private async Task<JsonElement> PlaceAsync(string itemId)
    {
        var key = Guid.NewGuid().ToString();
        return await SendAsync($"the order for {itemId}", HttpStatusCode.Created, () => new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Headers = { { "Idempotency-Key", key } },
            Content = JsonContent.Create(new { item_id = itemId, quantity = 1 }),
        });
    }

    private Task<JsonElement> WaitUntilSettledAsync(string id) => SendAsync(
        $"the outcome of order {id}", HttpStatusCode.OK, () => new HttpRequestMessage(HttpMethod.Get, $"/orders/{id}?wait=30s"),
        order => order.GetProperty("status").GetString() != "pending");

    /// <summary>Retries a request while the gateway responds 502 or 503, which happens on a busy machine.</summary>
    private async Task<JsonElement> SendAsync(
        string what, HttpStatusCode expected, Func<HttpRequestMessage> create, Func<JsonElement, bool>? isDone = null)
    {
        var result = default(JsonElement);
        await Wait.UntilAsync(what, async () =>
        {
            using var request = create();
            using var response = await Stack.Gateway.SendAsync(request, Cancel);
            var body = await response.Content.ReadAsStringAsync(Cancel);
            if (response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable)
            {
                return false;
            }

            Assert.True(response.StatusCode == expected, body);
            result = JsonSerializer.Deserialize<JsonElement>(body);
            return isDone?.Invoke(result) ?? true;
        });
        return result;
    }

    /// <summary>Waits for the notification, which can be created after the order is settled.</summary>
    private async Task<JsonElement> GetNotificationAsync(string id)
    {
        List<JsonElement> notifications = [];
        await Wait.UntilAsync($"the notification of order {id}", async () =>
        {
            var list = await Stack.Gateway.GetFromJsonAsync<JsonElement>($"/notifications?order_id={id}", Cancel);
            notifications = [.. list.GetProperty("items").EnumerateArray()];
            return notifications.Count > 0;
        });
        return Assert.Single(notifications);
    }

    private async Task<int> GetAvailableAsync(string itemId) => Convert.ToInt32(
        await Stack.QueryAsync("inventory_db", $"SELECT available FROM stock WHERE item_id = '{itemId}'"), CultureInfo.InvariantCulture);
}
