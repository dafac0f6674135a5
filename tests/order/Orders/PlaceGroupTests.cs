using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.ServiceDefaults;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Npgsql;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class PlaceGroupTests(OrderServiceFixture fixture)
{
    private const string Group = "/orders/group";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Orders_of_a_group_are_placed_in_one_transaction()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var results = await PostAsync(client, Entry("a", quantity: 1), Entry("b", quantity: 2));

        Assert.Equal([1, 2], results.Select(result => (int)result!["order"]!["quantity"]!));
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(DISTINCT xmin::text) FROM orders"));
        var published = await host.Sidecar.PublishedAsync("order.created", 2);
        Assert.Equal(results.Select(result => (string)result!["order"]!["id"]!).Order(), published.Select(SidecarStub.EventId).Order());
    }

    [Fact]
    public async Task Order_in_a_result_is_the_body_that_it_would_have_alone()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var grouped = await client.PostAsync(new Uri(Group, UriKind.Relative), Json(Entry("key")), Cancel);
        using var alone = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = PlaceOrdersTests.Json("""{"item_id":"item-1","quantity":1}""") };
        alone.Headers.Add(IdempotencyKey.Header, "key");
        using var replayed = await client.SendAsync(alone, Cancel);

        Assert.Equal($$"""{"results":[{"status":201,"order":{{await replayed.Content.ReadAsStringAsync(Cancel)}}}]}""", await grouped.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Same_key_in_a_group_and_across_groups_places_one_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var first = await PostAsync(client, Entry("a"), Entry("a"), Entry("a", quantity: 2));
        var second = await PostAsync(client, Entry("b"), Entry("a"));

        var id = (string?)first[0]!["order"]!["id"];
        Assert.Equal([201, 201, 422, 201, 201], first.Concat(second).Select(result => (int)result!["status"]!));
        Assert.Equal([null, "true", null, null, "true"], first.Concat(second).Select(result => result!["replayed"]?.ToJsonString()));
        Assert.Equal([id, id, null], first.Select(result => (string?)result!["order"]?["id"]));
        Assert.Equal(id, (string?)second[1]!["order"]!["id"]);
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Concurrent_groups_with_the_same_keys_place_one_order_per_key()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var keys = Enumerable.Range(0, 20).Select(i => $"{i}").ToList();

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => PostAsync(client, [.. (i % 2 == 0 ? keys : keys.AsEnumerable().Reverse()).Select(key => Entry(key))])));

        Assert.All(results.SelectMany(group => group), result => Assert.Equal(201, (int)result!["status"]!));
        Assert.Equal(20, results.SelectMany(group => group).Select(result => (string?)result!["order"]!["id"]).Distinct().Count());
        Assert.Equal(20L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Each_order_has_its_own_owner()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Add("dapr-caller-app-id", "gateway");
        client.DefaultRequestHeaders.Add(Owner.Header, "alice");

        var first = await PostAsync(client, Entry("key", owner: "alice"), Entry("key", owner: "bob"), Entry("key"));
        var second = await PostAsync(client, Entry("key", owner: "bob"), Entry("key", owner: "carol"));

        Assert.Equal("(none),alice,bob,carol", await host.QueryAsync<string>("SELECT string_agg(CASE owner WHEN '' THEN '(none)' ELSE owner END, ',' ORDER BY owner) FROM orders"));
        Assert.Equal((string?)first[1]!["order"]!["id"], (string?)second[0]!["order"]!["id"]);
        Assert.Equal(["true", null], second.Select(result => result!["replayed"]?.ToJsonString()));
    }

    [Fact]
    public async Task Owners_are_refused_if_another_app_sends_them()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var withoutHeader = await client.PostAsync(new Uri(Group, UriKind.Relative), Json(Entry("a", owner: "alice")), Cancel);
        client.DefaultRequestHeaders.Add(Owner.Header, "alice");
        using var otherApp = await client.PostAsync(new Uri(Group, UriKind.Relative), Json(Entry("a", owner: "alice")), Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (withoutHeader.StatusCode, otherApp.StatusCode));
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Each_order_and_its_event_continue_the_trace_of_their_request()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var traces = Enumerable.Range(0, 3).Select(_ => $"{ActivityTraceId.CreateRandom()}").ToList();

        await PostAsync(
            client, [.. traces.Select((trace, i) => Entry($"{i}", traceParent: $"00-{trace}-{ActivitySpanId.CreateRandom()}-01")), Entry("3", traceParent: "not a traceparent"), Entry("4")]);
        await host.Sidecar.PublishedAsync("order.created", 5);

        var stored = (await host.QueryAsync<string>("SELECT string_agg(split_part(trace_parent, '-', 2), ',' ORDER BY idempotency_key) FROM orders")).Split(',');
        var published = host.Sidecar.Published("order.created").Select(message => message.GetProperty("metadata").GetProperty("cloudevent.traceparent").GetString()!.Split('-')[1]);
        Assert.Equal(traces, stored.Take(3));
        Assert.DoesNotContain(stored[3], traces);
        Assert.Equal(stored.Order(), published.Order());
    }

    [Fact]
    public async Task Span_of_an_order_continues_its_request_and_is_linked_to_the_call()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "DaprOrders.Orders" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var (call, trace, parent) = (ActivityTraceId.CreateRandom(), ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        client.DefaultRequestHeaders.Add("traceparent", $"00-{call}-{ActivitySpanId.CreateRandom()}-01");

        await PostAsync(client, Entry("a", traceParent: $"00-{trace}-{parent}-01"));

        Activity order;
        lock (spans)
        {
            order = Assert.Single(spans, span => span.OperationName == "place order" && span.TraceId == trace);
        }

        Assert.Equal(parent, order.ParentSpanId);
        Assert.Equal(call, Assert.Single(order.Links).Context.TraceId);
        Assert.Equal(order.Id, await host.QueryAsync<string>("SELECT trace_parent FROM orders"));
    }

    [Fact]
    public async Task Order_that_the_database_refuses_does_not_affect_the_others()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await host.ExecuteAsync("ALTER TABLE orders ADD CHECK (quantity <> 7)");

        var results = await PostAsync(client, Entry("a"), Entry("b", quantity: 7), Entry("c"));

        Assert.Equal([201, 500, 201], results.Select(result => (int)result!["status"]!));
        Assert.Null(results[1]!["order"]);
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Group_is_503_while_the_database_is_unavailable()
    {
        await using var host = new ServiceHost<Program>("order", $"Host=127.0.0.1;Port={FreePort.Take()};Username=orders;Database=orders_db", new SidecarStub());
        using var client = host.CreateClient();

        using var response = await client.PostAsync(new Uri(Group, UriKind.Relative), Json(Entry("a"), Entry("b")), Cancel);

        await PlaceOrdersTests.AssertProblemAsync(response, HttpStatusCode.ServiceUnavailable, "Service unavailable");
    }

    [Fact]
    public async Task Database_that_fails_between_single_orders_makes_the_whole_group_503()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await host.ExecuteAsync(
            $"""
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF NEW.quantity = 8 THEN RAISE EXCEPTION 'so that each order is placed alone'; END IF;
              IF NEW.quantity = 7 THEN RAISE EXCEPTION 'the database is starting up' USING ERRCODE = '{PostgresErrorCodes.CannotConnectNow}'; END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER fail BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()
            """);

        using var failed = await client.PostAsync(new Uri(Group, UriKind.Relative), Json(Entry("a"), Entry("b", quantity: 8), Entry("c", quantity: 7)), Cancel);
        await host.ExecuteAsync("DROP TRIGGER fail ON orders");
        var retried = await PostAsync(client, Entry("a"), Entry("b", quantity: 8), Entry("c", quantity: 7));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
        Assert.All(retried, result => Assert.Equal(201, (int)result!["status"]!));
        Assert.Equal(3L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{"item_id":"item-1","quantity":1}""")]
    [InlineData("""{"item_id":"item-1","quantity":1,"idempotency_key":"a b"}""")]
    [InlineData("""{"item_id":"item-1","quantity":0,"idempotency_key":"a"}""")]
    [InlineData("""{"item_id":"item-1","quantity":1,"idempotency_key":"a","owner":""}""")]
    [InlineData("""{"item_id":"item-1","quantity":1,"idempotency_key":"a","more":1}""")]
    public async Task Malformed_order_is_400_without_affecting_the_others(string order)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var results = await PostAsync(client, Entry("first"), order, Entry("last"));

        Assert.Equal([201, 400, 201], results.Select(result => (int)result!["status"]!));
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData("{}", "orders is required.")]
    [InlineData("""{"orders":[]}""", PlaceOrdersTests.OrdersRule)]
    [InlineData("[]", "expected structure")]
    public async Task Malformed_group_is_400(string body, string expected)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var response = await client.PostAsync(new Uri(Group, UriKind.Relative), PlaceOrdersTests.Json(body), Cancel);

        await PlaceOrdersTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, expected);
    }

    [Fact]
    public async Task Unknown_route_is_405_so_a_gateway_recognizes_a_service_without_groups()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var response = await client.PostAsync(new Uri("/orders/unknown", UriKind.Relative), Json(Entry("a")), Cancel);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Fact]
    public async Task Route_is_not_in_the_public_document()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        Assert.DoesNotContain("group", await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Cancel), StringComparison.OrdinalIgnoreCase);
    }

    private static string Entry(string key, int quantity = 1, string? owner = null, string? traceParent = null) =>
        $$"""{"item_id":"item-1","quantity":{{quantity}},"idempotency_key":"{{key}}"{{Field("owner", owner)}}{{Field("traceparent", traceParent)}}}""";

    private static string Field(string name, string? value) => value is null ? "" : $",\"{name}\":{JsonSerializer.Serialize(value)}";

    private static StringContent Json(params string[] orders) => PlaceOrdersTests.Json($$"""{"orders":[{{string.Join(',', orders)}}]}""");

    private static async Task<JsonArray> PostAsync(HttpClient client, params string[] orders)
    {
        using var response = await client.PostAsync(new Uri(Group, UriKind.Relative), Json(orders), Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonObject>(Cancel))!["results"]!.AsArray();
    }
}
