using DaprOrders.Stack;

namespace DaprOrders.EndToEnd.Tests.Traces;

/// <summary>Compares the spans that the services send by OTLP, for an order that is placed alone and for the orders of a batch.</summary>
[Trait("Needs", "sources")] // and the SDK, which downloads the dashboard
public sealed class TraceTests(TraceFixture fixture) : IClassFixture<TraceFixture>
{
    /// <summary>The spans after those of placing the order.</summary>
    private const string Handled =
        """
        inventory: process order.created
          inventory: send inventory.updated
          notification: process inventory.updated
          order: process inventory.updated

        """;

    private const string DeadLettered =
        """
        inventory: process order.created (dead_lettered)

        """;

    private StackHost Stack => fixture.Stack;

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Confirmed_order_has_one_trace_across_the_services(int count)
    {
        var (orders, request) = await fixture.PlaceAsync("item-123", count);
        await fixture.WaitUntilNotifiedAsync(orders);

        await AssertTracesAsync(orders, request, Handled);
    }

    [Fact]
    public async Task Orders_that_share_a_call_keep_the_traces_of_their_requests()
    {
        var requests = await fixture.PlaceConcurrentlyAsync("item-123", 20);
        await fixture.WaitUntilNotifiedAsync([.. requests.Keys]);
        foreach (var (order, trace) in requests)
        {
            Assert.Equal(trace, await fixture.TraceOfAsync(order));
        }

        string[] expected = [.. new[] { "POST /orders/", "place order" }.Select(placed => WithoutSends($"gateway: POST /orders/\n  order: {placed}\n{Indent(2, [Handled])}"))];
        IReadOnlyList<string> trees = [];
        var spans = await fixture.WaitForSpansAsync("the traces", received =>
        {
            trees = [.. requests.Values.Select(trace => WithoutSends(SpanTree.Of([.. received.Where(span => span.TraceId == trace)])))];
            return trees.All(expected.Contains);
        });

        Assert.Contains(expected[1], trees);
        foreach (var order in spans.Where(span => span.Name == "place order" && requests.Values.Contains(span.TraceId)))
        {
            var carrier = Assert.Single(spans, span => span.Id == Assert.Single(order.Links).SpanId);
            Assert.Equal("POST /orders/group", carrier.Name);
            var call = Assert.Single(spans, span => span.Name == "place orders" && span.TraceId == carrier.TraceId);
            Assert.Contains(call.Links, link => link.TraceId == order.TraceId);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Rejected_order_has_the_same_trace_as_a_confirmed_one(int count)
    {
        var (orders, request) = await fixture.PlaceAsync("no-such-item", count);
        await fixture.WaitUntilNotifiedAsync(orders);

        await AssertTracesAsync(orders, request, Handled);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Swept_order_keeps_its_trace(int count)
    {
        await Stack.ExecuteAsOwnerAsync(
            "orders_db",
            """
            CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM outbox WHERE id = NEW.id; RETURN NULL; END $$;
            CREATE TRIGGER lose AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION lose();
            """);
        var (orders, request) = await fixture.PlaceAsync("item-123", count);
        await Stack.ExecuteAsOwnerAsync("orders_db", "DROP TRIGGER lose ON outbox; DROP FUNCTION lose");
        await Stack.QueryAsync("orders_db", $"UPDATE orders SET next_sweep_at = now() WHERE id IN ({TraceFixture.Ids(orders)})");
        await fixture.WaitUntilNotifiedAsync(orders);

        await AssertTracesAsync(orders, request, Handled);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)] // each event is handled alone, and Redis redelivers what takes more than 5 s
    public async Task Dead_letter_keeps_the_trace_of_its_order_and_its_redrive_is_linked_to_it(int count)
    {
        var item = $"poison-{count}";
        await Stack.ExecuteAsOwnerAsync(
            "inventory_db",
            $"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'poison'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON reservations FOR EACH ROW WHEN (NEW.item_id = '{item}') EXECUTE FUNCTION refuse();
            """);
        var (orders, request) = await fixture.PlaceAsync(item, count);
        await Wait.UntilAsync("the dead letters", async () => (long)(await Stack.QueryAsync("inventory_db", "SELECT count(*) FROM dead_letters"))! == count);
        await AssertTracesAsync(orders, request, DeadLettered);

        await Stack.ExecuteAsOwnerAsync("inventory_db", "DROP TRIGGER refuse ON reservations; DROP FUNCTION refuse");
        var redriven = await fixture.RedriveAsync();
        Assert.Equal(count, redriven.GetProperty("redriven").GetInt32());
        await fixture.WaitUntilNotifiedAsync(orders);

        var spans = await AssertTracesAsync(orders, request, Handled, DeadLettered);
        foreach (var order in orders)
        {
            var trace = await fixture.TraceOfAsync(order);
            Assert.Single(spans, span => span.Name == "redrive order.created" && span.Links.Any(link => link.TraceId == trace));
        }
    }

    /// <summary>Asserts the tree of each order, and that each event was sent once.</summary>
    /// <param name="orders">The orders.</param>
    /// <param name="request">The trace of the request.</param>
    /// <param name="handled">The trees that follow placing the order. Events of a batch may be sent together, in other traces.</param>
    private async Task<IReadOnlyList<Span>> AssertTracesAsync(IReadOnlyList<Guid> orders, string request, params string[] handled)
    {
        var isAlone = orders.Count == 1;
        var traces = await Task.WhenAll(orders.Select(fixture.TraceOfAsync));
        Assert.Equal(orders.Count, traces.Distinct().Count());
        Assert.True(!isAlone || traces[0] == request);

        var expected = isAlone
            ? $"gateway: POST /orders/\n  order: POST /orders/\n{Indent(2, handled)}    order: send order.created\n"
            : WithoutSends($"order: place order\n{Indent(1, handled)}");
        IEnumerable<string> trees = [];
        IReadOnlyList<Span> spans;
        try
        {
            spans = await fixture.WaitForSpansAsync("the traces", received =>
            {
                trees = traces.Select(trace => SpanTree.Of([.. received.Where(span => span.TraceId == trace)])).Select(tree => isAlone ? tree : WithoutSends(tree));
                return trees.All(tree => tree == expected) && (!isAlone || HasSidecars(received, request, expected));
            });
        }
        catch (TimeoutException)
        {
            Assert.All(trees, tree => Assert.Equal(expected, tree));
            throw;
        }

        var byId = spans.ToLookup(span => span.Id);
        foreach (var trace in traces)
        {
            Assert.Single(spans, span => span.Name == "send order.created" && span.Links.Any(link => link.TraceId == trace));
            Assert.All(spans.Where(span => span.TraceId == trace && span.Name == "place order"), span => Assert.Equal(request, Assert.Single(span.Links).TraceId));
            Assert.All(
                spans.Where(span => span.TraceId == trace && span.Name.StartsWith("process ", StringComparison.Ordinal)),
                span => Assert.Contains(byId[Assert.Single(span.Links).SpanId], carrier => carrier.Name.StartsWith("POST /events/", StringComparison.Ordinal) || carrier.Name.StartsWith("redrive ", StringComparison.Ordinal)));
        }

        return spans;
    }

    /// <summary>Returns whether a trace has the spans of the sidecars that forwarded its request and sent its events. The emulator creates none.</summary>
    private bool HasSidecars(IReadOnlyList<Span> spans, string trace, string tree) =>
        Stack.Runtime is not DaprRuntime
        || new[] { "gateway", "order", "inventory" }
            .Where(app => app == "gateway" || tree.Contains($"{app}: send ", StringComparison.Ordinal))
            .All(app => spans.Any(span => span.TraceId == trace && span.Source == "dapr-diagnostics" && span.Service == app));

    private static string Indent(int depth, string[] trees) =>
        string.Concat(trees.Select(tree => string.Concat(Lines(tree).Select(line => $"{new string(' ', 2 * depth)}{line}\n"))));

    private static string WithoutSends(string tree) =>
        string.Concat(Lines(tree).Where(line => !line.Contains(": send ", StringComparison.Ordinal)).Select(line => $"{line}\n"));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
