using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CsCheck;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Npgsql;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Delivers batches to inventory in which one entry is mutated.</summary>
public static class HostileDeliveries
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Three orders, of which the second one is mutated: its event, its data or its entry.</summary>
    private static readonly Gen<Batch> Batches =
        from orders in Gen.Guid.Array[3]
        from entry in Gen.OneOf(
            HostileJson.Mutated(Data(orders[1])).Select(data => Entry("1", HostileJson.Write(Event(orders[1], HostileJson.Write(data))))),
            HostileJson.Mutated(Event(orders[1], HostileJson.Write(Data(orders[1])))).Select(message => Entry("1", HostileJson.Write(message))),
            HostileJson.Mutated(EntryFields("1", HostileJson.Write(Event(orders[1], HostileJson.Write(Data(orders[1])))))).Select(fields => HostileJson.Write(fields)),
            HostileJson.Value.Select(message => Entry("1", message)),
            HostileJson.Value)
        select new Batch(orders[0], entry, orders[2]);

    /// <summary>Delivers mutated batches, and then checks the stock.</summary>
    public static async Task SendAsync(StackHost stack, int count)
    {
        using var inventory = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{stack.Instances.First(instance => instance.AppId == "inventory").Port}") };
        inventory.DefaultRequestHeaders.Add("dapr-api-token", stack.Tokens.App);
        await using var database = NpgsqlDataSource.Create(stack.ConnectionString("inventory_db"));

        await Batches.SampleAsync(batch => DeliverAsync(inventory, database, batch), iter: count, print: batch => batch.ToString());

        Assert.Equal(0L, await CountAsync(
            database,
            """
            stock LEFT JOIN (SELECT item_id, sum(quantity) AS taken FROM reservations WHERE reason IS NULL GROUP BY item_id) r USING (item_id)
            WHERE available < 0 OR available <> initial - coalesce(taken, 0)
            """));
        Assert.Equal(0L, await CountAsync(database, "reservations WHERE quantity NOT BETWEEN 1 AND 1000"));
    }

    private static async Task DeliverAsync(HttpClient inventory, NpgsqlDataSource database, Batch batch)
    {
        using var content = new StringContent($$"""{"entries":[{{Valid("0", batch.First)}},{{batch.Mutated}},{{Valid("2", batch.Last)}}]}""", Encoding.UTF8, "application/json");

        using var response = await inventory.PostAsync(new Uri("/events/order.created", UriKind.Relative), content, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var statuses = (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("statuses").EnumerateArray()
            .Select(status => (Id: status.GetProperty("entryId").GetString(), Status: status.GetProperty("status").GetString())).ToList();
        Assert.Contains(("0", "SUCCESS"), statuses);
        Assert.Contains(("2", "SUCCESS"), statuses);
        Assert.All(statuses, status => Assert.Equal("SUCCESS", status.Status));
        await Assert.AllAsync([batch.First, batch.Last], async order =>
            Assert.Equal(1L, await CountAsync(database, $"reservations WHERE order_id = '{order}' AND quantity = 1")));
    }

    private static async Task<long> CountAsync(NpgsqlDataSource database, string table)
    {
        await using var command = database.CreateCommand($"SELECT count(*) FROM {table}");
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private static string Valid(string entryId, Guid order) => Entry(entryId, HostileJson.Write(Event(order, HostileJson.Write(Data(order)))));

    private static string Entry(string entryId, string message) => HostileJson.Write(EntryFields(entryId, message));

    private static (string Name, string Value)[] EntryFields(string entryId, string message) =>
        [("\"entryId\"", $"\"{entryId}\""), ("\"event\"", message), ("\"contentType\"", "\"application/cloudevents+json\"")];

    private static (string Name, string Value)[] Event(Guid order, string data) =>
    [
        ("\"id\"", $"\"{order}\""), ("\"source\"", "\"order\""), ("\"specversion\"", "\"1.0\""), ("\"type\"", "\"order.created\""),
        ("\"datacontenttype\"", "\"application/json\""), ("\"traceparent\"", "\"\""), ("\"data\"", data),
    ];

    private static (string Name, string Value)[] Data(Guid order) =>
        [("\"order_id\"", $"\"{order}\""), ("\"item_id\"", "\"item-1\""), ("\"quantity\"", "1"), ("\"created_at\"", "\"2026-11-29T12:00:00Z\"")];

    private sealed record Batch(Guid First, string Mutated, Guid Last);
}
