using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Npgsql;

namespace DaprOrders.OrderService.Tests.Orders;

/// <summary>Runs on Kestrel, because its limits are tested. <see cref="BadBatchTests"/> tests requests that are refused as a whole.</summary>
public sealed class PlaceOrdersTests(OrderServiceFixture fixture)
{
    internal const string OrdersRule = "orders must be a list of 1 to 1000 items";
    private const string Transactions = "SELECT count(DISTINCT xmin::text) FROM orders";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_order_has_its_own_result_and_the_good_ones_are_placed_in_one_transaction()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();

        var results = await PostAsync(
            client,
            null,
            """
            {"item_id":"item-1","quantity":1},
            {"item_id":"item-2","quantity":0},
            {"item_id":"item-3","quantity":3,"idempotency_key":"c"},
            {"item_id":"item-3","quantity":3,"idempotency_key":"c"},
            {"item_id":"item-3","quantity":4,"idempotency_key":"c"},
            {"item_id":"item-4","quantity":4,"colour":"red"},
            {"item_id":"item-5","quantity":5,"idempotency_key":"a b"},
            {"item_id":"item-6","quantity":6,"idempotency_key":""},
            17,
            {"item_id":"item-7","quantity":7,"idempotency_key":null}
            """);

        var ids = results.Select(result => (string?)result!["id"]).ToList();
        Assert.Equal([201, 400, 201, 201, 422, 400, 400, 400, 400, 201], results.Select(result => (int)result!["status"]!));
        Assert.Equal(Enumerable.Range(0, 10), results.Select(result => (int)result!["index"]!));
        Assert.Equal($$"""{"index":0,"status":201,"id":"{{ids[0]}}"}""", results[0]!.ToJsonString());
        Assert.Equal(
            """{"index":1,"status":400,"problem":{"type":"urn:dapr-orders:problem:validation","title":"Invalid request","status":400,"detail":"Correct the values that are listed in errors.","errors":{"quantity":["quantity must be a whole number from 1 to 1000, but was 0."]}}}""",
            results[1]!.ToJsonString());
        Assert.Equal($$"""{"index":3,"status":201,"id":"{{ids[2]}}","replayed":true}""", results[3]!.ToJsonString());
        Assert.Equal("The key was used for an order of 3 units of item-3. Use a new key for a new order.", (string?)results[4]!["problem"]!["detail"]);
        Assert.Equal("The field colour is not known (line 1, byte 43).", (string?)results[5]!["problem"]!["detail"]);
        Assert.All(
            [results[6], results[7]],
            result => Assert.StartsWith("idempotency_key must be 1 to 255 visible ASCII characters, but was '", (string?)Assert.Single(result!["problem"]!["errors"]!["idempotency_key"]!.AsArray()), StringComparison.Ordinal));
        Assert.Equal(3L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(1L, await host.QueryAsync<long>(Transactions));
        var published = await host.Sidecar.PublishedAsync("order.created", 3);
        Assert.Equal(((string?[])[ids[0], ids[2], ids[9]]).Order(), published.Select(SidecarStub.EventId).Order());
    }

    [Fact]
    public async Task Thousand_orders_are_placed_and_one_more_is_refused()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        var thousand = string.Join(',', Enumerable.Repeat("""{"item_id":"item-1","quantity":1}""", 1000));

        var results = await PostAsync(client, "k", thousand);
        using var refused = await client.PostAsync(new Uri("/orders/batch", UriKind.Relative), Batch($"{thousand},17"), Cancel);

        Assert.All(results, result => Assert.Equal(201, (int)result!["status"]!));
        await AssertProblemAsync(refused, HttpStatusCode.BadRequest, OrdersRule);
        Assert.Equal(1000L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(1L, await host.QueryAsync<long>(Transactions));
        var published = await host.Sidecar.PublishedAsync("order.created", 1000);
        Assert.Equal(results.Select(result => (string)result!["id"]!).Order(), published.Select(SidecarStub.EventId).Order());
    }

    [Theory]
    [InlineData(0, 200)]
    [InlineData(1, 413)]
    public async Task Body_of_512_KiB_is_accepted_and_a_larger_one_is_413(int extra, int status)
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        var body = """{"orders":[{"item_id":"item-1","quantity":1}]}""";
        using var content = Json(body + new string(' ', (512 << 10) - body.Length + extra));

        using var response = await client.PostAsync(new Uri("/orders/batch", UriKind.Relative), content, Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        if (extra > 0)
        {
            await AssertProblemAsync(response, HttpStatusCode.RequestEntityTooLarge, "at most 524288 bytes");
        }
    }

    [Fact]
    public async Task Repeated_batch_returns_the_stored_orders_as_replayed()
    {
        const string Orders = """{"item_id":"item-1","quantity":1},{"item_id":"item-1","quantity":1},{"item_id":"item-2","quantity":2,"idempotency_key":"own"}""";
        await using var host = await StartAsync();
        using var client = host.CreateClient();

        var first = await PostAsync(client, "k", Orders);
        var second = await PostAsync(client, "k", Orders);

        Assert.Equal(first.Select(result => (string)result!["id"]!), second.Select(result => (string)result!["id"]!));
        Assert.All(first, result => Assert.Null(result!["replayed"]));
        Assert.All(second, result => Assert.True((bool)result!["replayed"]!));
        Assert.Equal("k 0,k 1,own", await host.QueryAsync<string>("SELECT string_agg(idempotency_key, ',' ORDER BY idempotency_key) FROM orders"));
    }

    [Fact]
    public async Task Repeated_batch_without_keys_places_new_orders()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();

        await PostAsync(client, null, """{"item_id":"item-1","quantity":1}""");
        await PostAsync(client, null, """{"item_id":"item-1","quantity":1}""");

        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders WHERE idempotency_key IS NULL"));
    }

    [Theory]
    [InlineData(250, HttpStatusCode.OK)]
    [InlineData(251, HttpStatusCode.BadRequest)]
    public async Task Key_of_a_batch_leaves_room_for_the_indexes_of_its_orders(int length, HttpStatusCode status)
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Add("Idempotency-Key", new string('k', length));

        using var response = await client.PostAsync(new Uri("/orders/batch", UriKind.Relative), Batch("""{"item_id":"item-1","quantity":1}"""), Cancel);

        Assert.Equal(status, response.StatusCode);
        if (status is not HttpStatusCode.OK)
        {
            await AssertProblemAsync(response, status, "1 to 250 visible ASCII");
        }
    }

    [Fact]
    public async Task Order_that_the_database_refuses_is_500_without_affecting_the_others()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        await host.ExecuteAsync("ALTER TABLE orders ADD CHECK (quantity <> 7)");

        var results = await PostAsync(client, "k", """{"item_id":"item-1","quantity":1},{"item_id":"item-1","quantity":7},{"item_id":"item-1","quantity":2}""");

        Assert.Equal([201, 500, 201], results.Select(result => (int)result!["status"]!));
        Assert.Equal("""{"type":"urn:dapr-orders:problem:internal-error","title":"Internal error","status":500,"detail":"The service failed. Its log contains the reason."}""", results[1]!["problem"]!.ToJsonString());
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Order_that_deadlocks_three_times_is_503_without_affecting_the_others()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        await FailInsertsAsync(host, quantity: 7, PostgresErrorCodes.DeadlockDetected);

        var results = await PostAsync(client, "k", """{"item_id":"item-1","quantity":1},{"item_id":"item-1","quantity":7},{"item_id":"item-1","quantity":2}""");

        Assert.Equal([201, 503, 201], results.Select(result => (int)result!["status"]!));
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Database_that_fails_between_single_orders_is_503_for_the_remaining_ones()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        await host.ExecuteAsync(
            """
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF nextval('tries') = 1 THEN RAISE EXCEPTION 'so that each order is placed alone'; END IF;
              IF NEW.quantity = 8 THEN RAISE EXCEPTION 'on purpose'; END IF;
              IF NEW.quantity = 7 THEN RAISE EXCEPTION 'the database is starting up' USING ERRCODE = '57P03'; END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER fail BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()
            """);

        var results = await PostAsync(
            client,
            "k",
            """{"item_id":"item-1","quantity":1},{"item_id":"item-1","quantity":8},{"item_id":"item-1","quantity":7},{"item_id":"item-1","quantity":2}""");

        Assert.Equal([201, 500, 503, 503], results.Select(result => (int)result!["status"]!));
        Assert.Equal("k 0", await host.QueryAsync<string>("SELECT string_agg(idempotency_key, ' ') FROM orders"));
    }

    [Theory]
    [InlineData("k/0", 201)]
    [InlineData("k0", 201)]
    [InlineData("k 0", 400)]
    public async Task Key_of_a_client_never_equals_a_derived_key(string key, int expected)
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();

        var results = await PostAsync(
            client, "k", $$"""{"item_id":"item-1","quantity":1},{"item_id":"item-1","quantity":1,"idempotency_key":"{{key}}"}""");

        Assert.Equal([201, expected], results.Select(result => (int)result!["status"]!));
        Assert.Equal(expected is 201 ? 2L : 1L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Batch_is_503_while_the_database_is_unavailable()
    {
        await using var host = new ServiceHost<Program>(
            "order", $"Host=127.0.0.1;Port={FreePort.Take()};Username=orders;Database=orders_db", new SidecarStub());
        using var client = host.CreateClient();

        using var response = await client.PostAsync(new Uri("/orders/batch", UriKind.Relative), Batch("""{"item_id":"item-1","quantity":1},17"""), Cancel);

        await AssertProblemAsync(response, HttpStatusCode.ServiceUnavailable, "Service unavailable");
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("Retry-After")));
    }

    [Fact]
    public async Task Key_of_a_concurrent_request_returns_its_order_and_the_others_are_placed()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        await using var other = await host.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await other.BeginTransactionAsync(Cancel);
        var id = await PlaceOrderTests.InsertAsync(other, "b");

        var batch = PostAsync(client, null, string.Join(',', ((string[])["a", "b", "c"]).Select(Entry)));
        await host.UntilBlockedAsync();
        await transaction.CommitAsync(Cancel);
        var results = await batch;

        Assert.All(results, result => Assert.Equal(201, (int)result!["status"]!));
        Assert.Equal([null, "true", null], results.Select(result => result!["replayed"]?.ToJsonString()));
        Assert.Equal($"{id}", (string?)results[1]!["id"]);
        Assert.Equal(3L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(1L, await host.QueryAsync<long>($"{Transactions} WHERE idempotency_key <> 'b'"));
    }

    [Theory]
    [InlineData(1, 1)] // the batch is retried
    [InlineData(2, 1)]
    [InlineData(3, 3)] // no attempts are left, so each order is placed alone
    public async Task Batch_is_retried_after_a_deadlock_and_finally_each_order_alone(int deadlocks, long transactions)
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        await host.ExecuteAsync(
            $"""
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF nextval('tries') <= {deadlocks} THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER fail BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()
            """);

        var results = await PostAsync(client, null, string.Join(',', ((string[])["a", "b", "c"]).Select(Entry)));

        Assert.All(results, result => Assert.Equal(201, (int)result!["status"]!));
        Assert.All(results, result => Assert.Null(result!["replayed"]));
        Assert.Equal(transactions, await host.QueryAsync<long>(Transactions));
        Assert.Equal(3L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(3, (await host.Sidecar.PublishedAsync("order.created", 3)).Count);
    }

    [Fact]
    public async Task Two_batches_with_the_same_keys_in_opposite_order_place_one_order_per_key()
    {
        const int Keys = 50;
        await using var one = await StartAsync();
        await using var two = new ServiceHost<Program>("order", one.ConnectionString, new SidecarStub());
        using var clientOne = one.CreateClient();
        using var clientTwo = two.CreateClient();
        await using var blocker = await one.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await blocker.BeginTransactionAsync(Cancel);
        await using (var hold = new NpgsqlCommand("LOCK TABLE orders IN SHARE MODE", blocker))
        {
            await hold.ExecuteNonQueryAsync(Cancel); // both batches look for their keys and find none
        }

        var batches = new[]
        {
            PostAsync(clientOne, null, string.Join(',', Enumerable.Range(0, Keys).Select(i => Entry($"{i}")))),
            PostAsync(clientTwo, null, string.Join(',', Enumerable.Range(0, Keys).Reverse().Select(i => Entry($"{i}")))),
        };
        await one.UntilBlockedAsync(2);
        await transaction.CommitAsync(Cancel);
        var results = (await Task.WhenAll(batches)).SelectMany(batch => batch).ToList();

        Assert.All(results, result => Assert.Equal(201, (int)result!["status"]!));
        Assert.Equal(Keys, results.Select(result => (string?)result!["id"]).Distinct().Count());
        Assert.Equal(Keys, results.Count(result => result!["replayed"] is not null));
        Assert.Equal(Keys, await one.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Client_that_disconnects_does_not_undo_its_batch()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        using var connection = new CancellationTokenSource();
        using var content = Batch($"{Entry("a")},{Entry("b")}");
        var request = client.PostAsync(new Uri("/orders/batch", UriKind.Relative), content, connection.Token);
        await commits.UntilHeldAsync();

        await connection.CancelAsync(); // returns after the service has noticed the disconnect
        await commits.ReleaseAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);

        await Wait.UntilAsync("both orders", async () => await host.QueryAsync<long>("SELECT count(*) FROM orders") == 2);
        var retry = await PostAsync(client, null, $"{Entry("a")},{Entry("b")}");
        Assert.All(retry, result => Assert.True((bool)result!["replayed"]!));
    }

    [Fact]
    public async Task Concurrent_batches_and_single_orders_with_the_same_keys_place_one_order_per_key()
    {
        const int Keys = 100;
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        var orders = string.Join(',', Enumerable.Range(0, Keys).Reverse().Select(i => Entry($"{i}")));

        var singles = Enumerable.Range(0, Keys).Select(i => SingleAsync(client, $"{i}")).ToList();
        var batches = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => PostAsync(client, null, orders)));

        Assert.All(await Task.WhenAll(singles), status => Assert.Equal(HttpStatusCode.Created, status));
        Assert.All(batches.SelectMany(batch => batch), result => Assert.Equal(201, (int)result!["status"]!));
        Assert.Equal((long)Keys, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    internal static Task<HttpResponseMessage> PostBatchAsync(HttpClient client) =>
        client.PostAsync(new Uri("/orders/batch", UriKind.Relative), Batch("""{"item_id":"item-1","quantity":1}"""), Cancel);

    internal static StringContent Json(string body) => new(body, null, "application/json");

    private static StringContent Batch(string orders) => Json($$"""{"orders":[{{orders}}]}""");

    private static string Entry(string key) => $$"""{"item_id":"item-123","quantity":1,"idempotency_key":"{{key}}"}""";

    internal static async Task<JsonArray> PostAsync(HttpClient client, string? key, string orders)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders/batch") { Content = Batch(orders) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var response = await client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var body = (await response.Content.ReadFromJsonAsync<JsonObject>(Cancel))!;
        Assert.Equal("results", Assert.Single(body).Key);
        return body["results"]!.AsArray();
    }

    private static async Task<HttpStatusCode> SingleAsync(HttpClient client, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = Json("""{"item_id":"item-123","quantity":1}""") };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await client.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    internal static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string expected)
    {
        var problem = System.Text.RegularExpressions.Regex.Unescape(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("PlaceBatch", problem, StringComparison.Ordinal);
    }

    /// <summary>Makes the database refuse each order of this quantity.</summary>
    private static Task FailInsertsAsync(ServiceHost<Program> host, int quantity, string sqlState) => host.ExecuteAsync(
        $"""
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW.quantity = {quantity} THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{sqlState}'; END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER fail BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()
        """);

    private async Task<ServiceHost<Program>> StartAsync()
    {
        var host = await fixture.StartAsync();
        host.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        return host;
    }
}
