using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Testing.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>Publishes events that cannot be handled among many that can.</summary>
[Trait("Form", "faults")]
public sealed class PoisonTests
{
    private const string ThrowingItem = "item-that-throws";

    /// <summary>More than Kafka's 1 MiB.</summary>
    private const int TooLarge = 1_300_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Poison_becomes_dead_letters_blocks_no_other_event_and_can_be_redriven_once()
    {
        OwnSystem.Require();
        await using var stack = new Stack();
        await stack.StartAsync();
        var since = DateTimeOffset.UtcNow;
        var ledger = new Ledger();
        using var clients = new Clients(stack.Gateway.BaseAddress!, new LoadOptions(Clients: 8, OrdersPerSecond: 60), ledger, new Random(1));
        await stack.QueryAsync("inventory_db", HandlerThrowsForItem);
        await stack.QueryAsync("inventory_db", $"INSERT INTO stock (item_id, initial, available) VALUES ('{LoadOptions.ScarceItem}', 100, 100), ('{ThrowingItem}', 10, 10)");

        using var stop = new CancellationTokenSource();
        var load = clients.RunAsync(stop.Token);
        var incomplete = await PublishAsync(stack, """{"order_id":"0192f000-0000-7000-8000-000000000000"}""", "application/json", "metadata.cloudevent.id=poison-incomplete");
        await PublishAsync(stack, """{"hello":"world"}""", "application/json", "metadata.rawPayload=true");
        await PublishAsync(stack, "this is no JSON", "text/plain", "metadata.rawPayload=true");
        var large = await PublishTooLargeAsync(stack);
        var throwing = await OrderAsync(stack, ThrowingItem);

        var letters = await DeadLettersAsync(stack, since, count: 5);
        await stop.CancelAsync();
        await load;
        var poison = letters.Select(letter => letter.EventId).ToHashSet();
        Assert.True(poison.IsSupersetOf(["poison-incomplete", large, throwing]), string.Join("\n", letters));
        Assert.Equal(HttpStatusCode.NoContent, incomplete);

        // All but the one order that nobody could handle are settled, once each: nothing waited for it.
        await Rest.WaitAsync(stack, Patience, quiet: TimeSpan.FromSeconds(5));
        Assert.Equal(1L, await stack.QueryAsync("orders_db", "SELECT count(*) FROM orders WHERE status = 'pending'"));

        await stack.QueryAsync("inventory_db", "DROP TRIGGER throws ON reservations");
        Assert.Equal(HttpStatusCode.NoContent, await RedriveAsync(stack, throwing));
        Assert.Equal(HttpStatusCode.NotFound, await RedriveAsync(stack, throwing));

        await Rest.WaitAsync(stack, Patience, quiet: TimeSpan.FromSeconds(5));
        var snapshot = await Snapshot.ReadAsync(stack, since);
        Assert.Empty(Invariants.Check(snapshot, new Witness { Ledger = ledger, Poison = poison }));
        Assert.Equal("confirmed", snapshot.Orders.Single(order => order.Id == Guid.Parse(throwing)).Status);
        Assert.Equal(4, snapshot.DeadLetters.Count);
    }

    /// <summary>A mistake as only the database can make it: no validation sees it coming, and it goes when the trigger goes.</summary>
    private const string HandlerThrowsForItem =
        $"""
        CREATE FUNCTION throws() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted'; END $$;
        CREATE TRIGGER throws BEFORE INSERT ON reservations FOR EACH ROW WHEN (NEW.item_id = '{ThrowingItem}') EXECUTE FUNCTION throws();
        """;

    /// <summary>As somebody would who may publish this topic: through order's sidecar.</summary>
    private static async Task<HttpStatusCode> PublishAsync(Stack stack, string body, string contentType, string query)
    {
        using var content = new StringContent(body, Encoding.UTF8, contentType);
        using var response = await stack.Gateway.PostAsync(
            new Uri($"http://127.0.0.1:{InstanceOf(stack, "order").SidecarPort}/v1.0/publish/pubsub/order.created?{query}"), content, Cancel);
        return response.StatusCode;
    }

    private static async Task<string> PublishTooLargeAsync(Stack stack)
    {
        var id = Guid.CreateVersion7().ToString();
        await stack.QueryAsync(
            "orders_db",
            $$"""INSERT INTO outbox (id, topic, key, data, attempts) VALUES ('{{id}}', 'order.created', 'large', json_build_object('filler', repeat('x', {{TooLarge}})), 0)""");
        return id;
    }

    private static async Task<string> OrderAsync(Stack stack, string item)
    {
        using var response = await stack.Gateway.PostAsJsonAsync("/orders", new { item_id = item, quantity = 1 }, Cancel);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
    }

    private static async Task<IReadOnlyList<DeadLetterRow>> DeadLettersAsync(Stack stack, DateTimeOffset since, int count)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Patience);
        while (await timer.WaitForNextTickAsync(limit.Token))
        {
            if ((await Snapshot.ReadAsync(stack, since)).DeadLetters is { } letters && letters.Count >= count)
            {
                return letters;
            }
        }

        return [];
    }

    private static async Task<HttpStatusCode> RedriveAsync(Stack stack, string eventId)
    {
        var id = await stack.QueryAsync("inventory_db", $"SELECT max(id) FROM dead_letters WHERE event_id = '{eventId}'") is long found ? found : 0;
        using var response = await stack.Gateway.PostAsync(
            new Uri($"http://127.0.0.1:{InstanceOf(stack, "inventory").Port}/dead-letters/{id}/redrive"), null, Cancel);
        return response.StatusCode;
    }

    private static AppInstance InstanceOf(Stack stack, string appId) => stack.Instances.First(instance => instance.AppId == appId);
}
