extern alias inventory;
extern alias notification;
extern alias order;

using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Messaging;
using inventory::DaprOrders.InventoryService.Reservations;
using inventory::DaprOrders.InventoryService.Stock;
using Order = order::DaprOrders.OrderService.Orders.Order;
using Placed = order::DaprOrders.OrderService.Orders.OrderCreated;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>What holds for every event that there can be, not only for the examples.</summary>
public sealed class GeneratedEventTests(Implementations implementations)
{
    /// <summary>Stock with few or many units, or of an unknown item.</summary>
    private static readonly Gen<StockItem?> Stock = Gen.Select(Gen.Int[0, 5], Gen.OneOf(Gen.Int[0, 1000], Gen.Int[0, int.MaxValue]))
        .Select((kind, units) => kind == 0 ? null : new StockItem { ItemId = "item", Initial = units, Available = units });

    /// <summary>The events as each service reads them, by topic.</summary>
    private static readonly Dictionary<string, Func<JsonObject, JsonObject>[]> Readers = new()
    {
        [Placed.Topic] = [Read<OrderCreated>],
        [InventoryUpdated.Topic] =
        [
            Read<order::DaprOrders.OrderService.Settlement.InventoryUpdated>,
            Read<notification::DaprOrders.NotificationService.Notifications.InventoryUpdated>,
        ],
    };

    public static TheoryData<string> Topics => [.. Readers.Keys];

    [Fact]
    public void Every_order_is_published_as_the_schema_requires() =>
        Gen.Select(EventData.ItemId, EventData.Quantity, EventData.Time).Sample((item, quantity, time) =>
            Assert.Empty(EventSchemas.Validate(Placed.Topic, Written(Placed.From(Order.Place(item, quantity, null, time, TimeSpan.FromSeconds(30)))))));

    [Fact]
    public void Every_reservation_is_published_as_the_schema_requires() =>
        Gen.Select(Gen.Guid, EventData.ItemId, EventData.Quantity, Stock, EventData.Time).Sample((orderId, item, quantity, stock, time) =>
        {
            var reservation = Reservation.Decide(orderId, item, quantity, stock, time);
            Assert.Empty(EventSchemas.Validate(InventoryUpdated.Topic, Written(InventoryUpdated.From(reservation))));
        });

    [Theory]
    [MemberData(nameof(Topics))]
    public void Every_reader_reads_all_that_the_schema_allows_whatever_else_is_there_and_in_whatever_order(string topic) =>
        EventData.FromALaterVersion(EventData.Of(topic)).Sample(data =>
        {
            Assert.Empty(EventSchemas.Validate(topic, data));
            foreach (var read in Readers[topic])
            {
                foreach (var (name, value) in read(data))
                {
                    Assert.True(JsonNode.DeepEquals(data[name], value), $"{name}: {value} of {data.ToJsonString()}");
                }
            }
        });

    [Theory]
    [MemberData(nameof(Topics))]
    public void No_reader_refuses_what_the_schema_allows(string topic)
    {
        var allowed = 0;
        EventData.Mutated(EventData.Of(topic)).Sample(
            data =>
            {
                if (EventSchemas.Validate(topic, data).Count == 0)
                {
                    Interlocked.Increment(ref allowed);
                    Assert.All(Readers[topic], read => read(data));
                }
            },
            iter: 2000);
        Assert.NotEqual(0, allowed);
    }

    [Fact]
    public async Task However_often_and_in_whatever_company_an_outcome_comes_it_is_notified_once()
    {
        await using var provider = await implementations.StartAsync("notification");

        await Gen.Select(EventData.FromALaterVersion(EventData.InventoryUpdated).Array[1, 12], Gen.Int).SampleAsync(
            async (outcomes, seed) =>
            {
                var deliveries = outcomes.Concat(outcomes).ToArray();
                new Random(seed).Shuffle(deliveries);
                var statuses = await provider.DeliverAsync(InventoryUpdated.Topic, [.. deliveries.Select(Event)]);

                Assert.All(statuses, status => Assert.Equal("SUCCESS", status));
                foreach (var outcome in outcomes)
                {
                    var list = await provider.Http.GetStringAsync(
                        new Uri($"/notifications?order_id={outcome["order_id"]}", UriKind.Relative), TestContext.Current.CancellationToken);
                    var told = Assert.Single(JsonNode.Parse(list)!["items"]!.AsArray())!;
                    Assert.All((string[])["item_id", "quantity", "outcome", "reason"], name => Assert.True(JsonNode.DeepEquals(outcome[name], told[name]), list));
                }
            },
            iter: 15,
            threads: 1);
    }

    private static JsonNode Event(JsonObject data) => new JsonObject
    {
        ["data"] = data.DeepClone(),
        ["datacontenttype"] = "application/json",
        ["id"] = Guid.CreateVersion7().ToString(),
        ["pubsubname"] = "pubsub",
        ["source"] = "inventory",
        ["specversion"] = "1.0",
        ["topic"] = InventoryUpdated.Topic,
        ["type"] = InventoryUpdated.Topic,
    };

    private static JsonObject Read<TEvent>(JsonObject data) => Written(data.Deserialize<TEvent>(EventJson.Options)!);

    private static JsonObject Written<TEvent>(TEvent message) => JsonSerializer.SerializeToNode(message, EventJson.Options)!.AsObject();
}
