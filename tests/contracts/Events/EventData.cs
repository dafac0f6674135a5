using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>Generates event data: valid data over the whole range of each field, and data with an error.</summary>
internal static class EventData
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly string?[] Reasons = [null, "out_of_stock", "unknown_item"];

    private static readonly DateTimeOffset Earliest = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly Gen<string> ItemId = Gen.Select(
        Gen.Char[Letters], Gen.String[Gen.Char[Letters + "._-"], 0, 63], (first, rest) => first + rest);

    public static readonly Gen<int> Quantity = Gen.Int[1, 1000];

    public static readonly Gen<DateTimeOffset> Time = Gen.Long[0, 3_000_000_000_000_000].Select(microseconds => Earliest.AddMicroseconds(microseconds));

    private static readonly Gen<string> TimeText = Gen.Select(Time, Gen.Bool, (time, isZ) =>
        isZ ? time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) : time.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFK", CultureInfo.InvariantCulture));

    public static readonly Gen<JsonObject> OrderCreated = Gen.Select(Gen.Guid, ItemId, Quantity, TimeText, (id, item, quantity, time) => new JsonObject
    {
        ["order_id"] = id.ToString(),
        ["item_id"] = item,
        ["quantity"] = quantity,
        ["created_at"] = time,
    });

    public static readonly Gen<JsonObject> InventoryUpdated = Gen.Select(
        Gen.Guid, ItemId, Quantity, Gen.Int[0, 2].Select(i => Reasons[i]), Gen.Int[0, int.MaxValue], TimeText,
        (id, item, quantity, reason, available, time) => new JsonObject
        {
            ["order_id"] = id.ToString(),
            ["item_id"] = item,
            ["quantity"] = quantity,
            ["outcome"] = reason is null ? "reserved" : "rejected",
            ["reason"] = reason,
            ["available"] = available,
            ["occurred_at"] = time,
        });

    private static readonly Gen<JsonNode?> Anything = Gen.OneOf(
        Gen.Const(() => (JsonNode?)null),
        Gen.Int.Select(number => (JsonNode?)number),
        Gen.Double[-1e6, 1e6].Select(number => (JsonNode?)number),
        Gen.Bool.Select(value => (JsonNode?)value),
        Gen.String[Gen.Char[" !\"/é0aZ"], 0, 80].Select(text => (JsonNode?)text),
        Gen.Const(() => (JsonNode?)new JsonObject()),
        Gen.Const(() => (JsonNode?)new JsonArray()));

    public static Gen<JsonObject> Of(string topic) => topic switch
    {
        "order.created" => OrderCreated,
        "inventory.updated" => InventoryUpdated,
        _ => throw new ArgumentException($"There is no generator for {topic}.", nameof(topic)),
    };

    /// <summary>Generates the same data with the fields in another order, and with fields that are not in the contract.</summary>
    public static Gen<JsonObject> FromLaterVersion(Gen<JsonObject> data) => Gen.Select(data, Gen.Int, (valid, seed) =>
    {
        var random = new Random(seed);
        var fields = valid.Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))
            .Append(KeyValuePair.Create<string, JsonNode?>("channel", "web"))
            .Append(KeyValuePair.Create<string, JsonNode?>("customer", new JsonObject { ["order_id"] = 17 }))
            .ToArray();
        random.Shuffle(fields);
        return new JsonObject(fields);
    });

    /// <summary>Generates data in which one field is missing or has another value. That value may be valid by chance.</summary>
    public static Gen<JsonObject> Mutated(Gen<JsonObject> data) => Gen.Select(data, Gen.Int[0, 100], Gen.Bool, Anything, (valid, index, isRemoved, value) =>
    {
        var copy = valid.DeepClone().AsObject();
        var name = copy.ElementAt(index % copy.Count).Key;
        if (isRemoved)
        {
            copy.Remove(name);
        }
        else
        {
            copy[name] = value?.DeepClone();
        }

        return copy;
    });
}
