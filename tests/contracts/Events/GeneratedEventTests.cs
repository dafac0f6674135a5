extern alias inventory;
extern alias notification;
extern alias order;

using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Messaging;
using DaprOrders.ServiceDefaults;
using inventory::DaprOrders.InventoryService.Reservations;
using inventory::DaprOrders.InventoryService.Stock;
using Order = order::DaprOrders.OrderService.Orders.Order;
using Placed = order::DaprOrders.OrderService.Orders.OrderCreated;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>Tests events with generated data, not only with the examples.</summary>
public sealed class GeneratedEventTests(Implementations implementations)
{
    /// <summary>Stock with few or many units, or null for an unknown item.</summary>
    private static readonly Gen<StockItem?> Stock = Gen.Select(Gen.Int[0, 5], Gen.OneOf(Gen.Int[0, 1000], Gen.Int[0, int.MaxValue]))
        .Select((kind, units) => kind == 0 ? null : new StockItem { ItemId = "item", Initial = units, Available = units });

    /// <summary>For each topic, functions that read an event as the receiving services do, and write it back to JSON.</summary>
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
            Assert.Empty(EventSchemas.Validate(Placed.Topic, Write(Placed.From(Order.Place(new Owner(""), item, quantity, null, time, TimeSpan.FromSeconds(30)))))));

    [Fact]
    public void Every_reservation_is_published_as_the_schema_requires() =>
        Gen.Select(Gen.Guid, EventData.ItemId, EventData.Quantity, Stock, EventData.Time).Sample((orderId, item, quantity, stock, time) =>
        {
            var reservation = Reservation.Decide(orderId, item, quantity, stock, time);
            Assert.Empty(EventSchemas.Validate(InventoryUpdated.Topic, Write(InventoryUpdated.From(reservation))));
        });

    [Theory]
    [MemberData(nameof(Topics))]
    public void Readers_read_valid_events_with_unknown_fields_in_any_order(string topic) =>
        EventData.FromLaterVersion(EventData.Of(topic)).Sample(data =>
        {
            Assert.Empty(EventSchemas.Validate(topic, data));
            foreach (var read in Readers[topic])
            {
                foreach (var (name, value) in read(data))
                {
                    Assert.True(JsonNode.DeepEquals(data[name], value), $"{name} was read as {value} from {data.ToJsonString()}");
                }
            }
        });

    [Theory]
    [MemberData(nameof(Topics))]
    public void Readers_accept_all_data_that_the_schema_allows(string topic)
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
    public async Task Outcome_is_notified_once_however_often_it_is_delivered()
    {
        await using var provider = await implementations.StartAsync("notification");

        await Gen.Select(EventData.FromLaterVersion(EventData.InventoryUpdated).Array[1, 12], Gen.Int).SampleAsync(
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
                    var notification = Assert.Single(JsonNode.Parse(list)!["items"]!.AsArray())!;
                    Assert.All((string[])["item_id", "quantity", "outcome", "reason"], name => Assert.True(JsonNode.DeepEquals(outcome[name], notification[name]), list));
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

    private static JsonObject Read<TEvent>(JsonObject data) => Write(data.Deserialize<TEvent>(EventJson.Options)!);

    private static JsonObject Write<TEvent>(TEvent message) => JsonSerializer.SerializeToNode(message, EventJson.Options)!.AsObject();
}
