using System.Net;
using System.Net.Http.Headers;
using System.Text;
using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>Publishes poison events, which cannot be handled, under load.</summary>
[Trait("Form", "faults")]
public sealed class PoisonTests
{
    private const string ThrowingItem = "item-that-throws";

    /// <summary>More bytes than Kafka accepts, which is 1 MiB.</summary>
    private const int OversizedBytes = 1_300_000;

    private static readonly TimeSpan ReadInterval = TimeSpan.FromMilliseconds(200);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Poison_event_becomes_a_dead_letter_that_can_be_redriven_once()
    {
        AttachedSystem.Skip();
        await using var stack = new StackHost();
        await stack.StartAsync();
        var since = DateTimeOffset.UtcNow;
        var ledger = new Ledger();
        using var clients = new Clients(stack.Gateway.BaseAddress!, new LoadOptions(Clients: 8, OrdersPerSecond: 60), ledger, new RandomSources(1));
        await stack.ExecuteAsOwnerAsync("inventory_db", HandlerThrowsForItem);
        await stack.QueryAsync("inventory_db", $"INSERT INTO stock (item_id, initial, available) VALUES ('{LoadOptions.ScarceItem}', 100, 100), ('{ThrowingItem}', 10, 10)");

        using var stop = new CancellationTokenSource();
        var load = clients.RunAsync(stop.Token);
        var incomplete = await PublishAsync(stack, """{"order_id":"0192f000-0000-7000-8000-000000000000"}""", "application/json", "metadata.cloudevent.id=poison-incomplete");
        await PublishAsync(stack, """{"hello":"world"}""", "application/json", "metadata.rawPayload=true");
        await PublishAsync(stack, "this is not JSON", "text/plain", "metadata.rawPayload=true");
        var large = await PublishOversizedAsync(stack);
        var throwing = $"{await OneOrder.PlaceAsync(stack, ThrowingItem)}";

        var letters = await DeadLettersAsync(stack, since, large);
        await stop.CancelAsync();
        await load;
        var poison = letters.Select(letter => letter.EventId).Append(large).ToHashSet();
        Assert.True(poison.IsSupersetOf(["poison-incomplete", large, throwing]), string.Join("\n", letters));
        Assert.Equal(HttpStatusCode.NoContent, incomplete);

        // Otherwise the refused event stays in the outbox for an hour before it becomes a dead letter.
        await stack.QueryAsync("orders_db", $"DELETE FROM outbox WHERE id = '{large}'");

        // Only the order that cannot be handled is pending, so it did not block the others.
        await IdleSystem.WaitAsync(stack, Wait.Limit, quietPeriod: TimeSpan.FromSeconds(5));
        Assert.Equal(1L, await stack.QueryAsync("orders_db", "SELECT count(*) FROM orders WHERE status = 'pending'"));

        await stack.ExecuteAsOwnerAsync("inventory_db", "DROP TRIGGER throws ON reservations");
        Assert.Equal(HttpStatusCode.NoContent, await RedriveAsync(stack, throwing));
        Assert.Equal(HttpStatusCode.NotFound, await RedriveAsync(stack, throwing));

        await IdleSystem.WaitAsync(stack, Wait.Limit, quietPeriod: TimeSpan.FromSeconds(5));
        var snapshot = await Snapshot.ReadAsync(stack, since);
        Assert.Empty(Invariants.Check(snapshot, new Observations { Ledger = ledger, Poison = poison }));
        Assert.Equal("confirmed", snapshot.Orders.Single(order => order.Id == Guid.Parse(throwing)).Status);
        Assert.Equal(letters.Count - 1, snapshot.DeadLetters.Count);
    }

    /// <summary>Makes each reservation of one item fail in the database until the trigger is dropped.</summary>
    private const string HandlerThrowsForItem =
        $"""
        CREATE FUNCTION throws() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'poison'; END $$;
        CREATE TRIGGER throws BEFORE INSERT ON reservations FOR EACH ROW WHEN (NEW.item_id = '{ThrowingItem}') EXECUTE FUNCTION throws();
        """;

    /// <summary>Publishes through the sidecar of order, because only order may publish to this topic.</summary>
    private static async Task<HttpStatusCode> PublishAsync(StackHost stack, string body, string contentType, string query)
    {
        using var content = new StringContent(body, Encoding.UTF8, contentType);
        using var response = await stack.Gateway.PostAsync(
            new Uri($"http://127.0.0.1:{InstanceOf(stack, "order").SidecarPort}/v1.0/publish/pubsub/order.created?{query}"), content, Cancel);
        return response.StatusCode;
    }

    private static async Task<string> PublishOversizedAsync(StackHost stack)
    {
        var id = Guid.CreateVersion7().ToString();
        await stack.QueryAsync(
            "orders_db",
            $$"""INSERT INTO outbox (id, topic, key, data) VALUES ('{{id}}', 'order.created', 'large', json_build_object('filler', repeat('x', {{OversizedBytes}})))""");
        return id;
    }

    /// <summary>
    /// Waits for four dead letters and for the result of the oversized event. Kafka refuses it. The emulator delivers it, and it becomes the fifth
    /// dead letter.
    /// </summary>
    private static async Task<IReadOnlyList<DeadLetterRow>> DeadLettersAsync(StackHost stack, DateTimeOffset since, string large)
    {
        IReadOnlyList<DeadLetterRow> letters = [];
        await Wait.UntilAsync("the dead letters and the refusal of the oversized event", async () =>
        {
            await Task.Delay(ReadInterval, Cancel); // a snapshot reads all rows, which is slow
            letters = (await Snapshot.ReadAsync(stack, since)).DeadLetters;
            var isRefused = await stack.QueryAsync("orders_db", $"SELECT count(*) FROM outbox WHERE id = '{large}' AND attempts > 0") is 1L;
            return letters.Count >= (isRefused ? 4 : 5);
        });
        return letters;
    }

    private static async Task<HttpStatusCode> RedriveAsync(StackHost stack, string eventId)
    {
        var id = await stack.QueryAsync("inventory_db", $"SELECT max(id) FROM dead_letters WHERE event_id = '{eventId}'") is long found ? found : 0;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{InstanceOf(stack, "inventory").Port}/dead-letters/{id}/redrive");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", stack.Tokens.Operator);
        using var response = await stack.Gateway.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private static AppInstance InstanceOf(StackHost stack, string appId) => stack.Instances.First(instance => instance.AppId == appId);
}
