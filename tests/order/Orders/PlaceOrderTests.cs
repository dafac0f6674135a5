using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Npgsql;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class PlaceOrderTests(OrderServiceFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_order_is_201_with_its_location_and_status()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var response = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var order = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal($"/orders/{order.GetProperty("id").GetString()}", response.Headers.Location?.ToString());
        Assert.Equal(
            ["id", "item_id", "quantity", "status", "created_at"],
            order.EnumerateObject().Select(property => property.Name));
        Assert.Equal("item-123", order.GetProperty("item_id").GetString());
        Assert.Equal(1, order.GetProperty("quantity").GetInt32());
        Assert.Equal("pending", order.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("2.0", 2)]
    [InlineData("1e2", 100)]
    public async Task Quantity_without_a_fraction_is_an_integer(string quantity, int expected)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        using var body = new StringContent($$"""{"item_id":"item-123","quantity":{{quantity}}}""", null, "application/json");

        using var response = await client.PostAsync(new Uri("/orders", UriKind.Relative), body, Cancel);

        Assert.Equal(expected, (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("quantity").GetInt32());
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json; charset=\"UTF-8\"")]
    public async Task Charset_UTF_8_is_accepted_in_quotes_too(string contentType)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        using var content = new StringContent("""{"item_id":"item-123","quantity":1}""");
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);

        using var response = await client.PostAsync(new Uri("/orders", UriKind.Relative), content, Cancel);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task GET_returns_the_same_order_as_the_response_to_its_POST()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var placed = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal(await placed.Content.ReadAsStringAsync(Cancel), await client.GetStringAsync(placed.Headers.Location, Cancel));
    }

    [Fact]
    public async Task Order_is_published_with_its_id_as_event_id_and_partition_key()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var id = await PlaceAsync(client);

        var entry = Assert.Single(await host.Sidecar.PublishedAsync("order.created", 1));
        var metadata = entry.GetProperty("metadata");
        Assert.Equal(id, metadata.GetProperty("cloudevent.id").GetString());
        Assert.Equal(id, metadata.GetProperty("partitionKey").GetString());
        Assert.Equal("order.created", metadata.GetProperty("cloudevent.type").GetString());
        var data = entry.GetProperty("event");
        Assert.Equal(id, data.GetProperty("order_id").GetString());
        Assert.Equal(["order_id", "item_id", "quantity", "created_at"], data.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task Duplicate_key_returns_the_stored_order_as_replayed()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var first = await PostAsync(client, "key-1", quantity: 1);
        using var second = await PostAsync(client, "key-1", quantity: 1);

        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Key_that_was_used_for_another_order_is_422()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var first = await PostAsync(client, "key-1", quantity: 1);
        using var other = await PostAsync(client, "key-1", quantity: 2);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Hundred_concurrent_requests_with_one_key_place_one_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var responses = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => PostAsync(client, "key-1", quantity: 1)));

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        Assert.Single(responses.Select(response => response.Headers.Location).Distinct());
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Single((await host.Sidecar.PublishedAsync("order.created", 1)).Select(SidecarStub.EventId).Distinct());
    }

    [Fact]
    public async Task Each_request_without_a_key_places_an_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var first = await PostAsync(client, null, quantity: 1);
        using var second = await PostAsync(client, null, quantity: 1);

        Assert.All([first, second], response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        Assert.All([first, second], response => Assert.False(response.Headers.Contains("Idempotency-Replayed")));
        Assert.NotEqual(first.Headers.Location, second.Headers.Location);
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders WHERE idempotency_key IS NULL AND owner = ''"));
    }

    [Theory]
    [InlineData(1, HttpStatusCode.Created)]
    [InlineData(2, HttpStatusCode.UnprocessableEntity)]
    public async Task Concurrent_request_with_the_same_key_gets_the_order_that_commits_first(int quantity, HttpStatusCode status)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var other = await host.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await other.BeginTransactionAsync(Cancel);
        var id = await InsertAsync(other, "key-1");

        var request = PostAsync(client, "key-1", quantity);
        await host.UntilBlockedAsync();
        await transaction.CommitAsync(Cancel);
        using var response = await request;

        Assert.Equal(status, response.StatusCode);
        if (status is HttpStatusCode.Created)
        {
            Assert.Equal("true", Assert.Single(response.Headers.GetValues("Idempotency-Replayed")));
            Assert.Equal($"/orders/{id}", response.Headers.Location?.ToString());
        }

        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM outbox"));
        Assert.Empty(host.Sidecar.Published("order.created"));
    }

    [Fact]
    public async Task Concurrent_request_places_its_order_if_the_other_one_is_rolled_back()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var other = await host.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await other.BeginTransactionAsync(Cancel);
        await InsertAsync(other, "key-1");

        var request = PostAsync(client, "key-1", quantity: 2);
        await host.UntilBlockedAsync();
        await transaction.RollbackAsync(Cancel);
        using var response = await request;

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.False(response.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(2, await host.QueryAsync<int>("SELECT quantity FROM orders"));
    }

    [Fact]
    public async Task Client_that_disconnects_does_not_undo_its_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var blocker = await host.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await blocker.BeginTransactionAsync(Cancel);
        await using (var hold = new NpgsqlCommand("LOCK TABLE orders IN SHARE MODE", blocker))
        {
            await hold.ExecuteNonQueryAsync(Cancel); // orders can be read but not written
        }

        using var connection = new CancellationTokenSource();
        var request = PostAsync(client, "key-1", quantity: 1, connection.Token);
        await host.UntilBlockedAsync();
        await connection.CancelAsync(); // returns after the service has noticed the disconnect
        await transaction.CommitAsync(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);

        await Wait.UntilAsync("the order", async () => await host.QueryAsync<long>("SELECT count(*) FROM orders") == 1);
        using var retry = await PostAsync(client, "key-1", quantity: 1);
        Assert.Equal("true", Assert.Single(retry.Headers.GetValues("Idempotency-Replayed")));
        Assert.Single(await host.Sidecar.PublishedAsync("order.created", 1));
    }

    [Fact]
    public async Task Order_is_acknowledged_only_after_its_commit()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);

        var request = PostAsync(client, "key-1", quantity: 1);
        await commits.UntilHeldAsync();

        Assert.False(request.IsCompleted);
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        await commits.ReleaseAsync();
        using var response = await request;
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task Order_and_its_event_are_written_in_one_transaction()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}")); // the event stays in the outbox
        using var client = host.CreateClient();

        await PlaceAsync(client);

        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM orders JOIN outbox USING (id) WHERE orders.xmin = outbox.xmin"));
    }

    [Fact]
    public async Task Order_that_the_database_refuses_is_500_and_has_no_event()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await host.ExecuteAsync("ALTER TABLE orders ADD CHECK (quantity <> 7)");

        using var refused = await PostAsync(client, "key-1", quantity: 7);
        using var next = await PostAsync(client, "key-1", quantity: 1);

        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        Assert.Equal(HttpStatusCode.Created, next.StatusCode);
        Assert.Single(await host.Sidecar.PublishedAsync("order.created", 1));
    }

    [Fact]
    public async Task Event_continues_the_trace_of_its_request()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}")); // the events stay in the outbox
        using var client = host.CreateClient();
        var traces = Enumerable.Range(0, 4).Select(_ => ActivityTraceId.CreateRandom().ToString()).ToList();

        await Task.WhenAll(traces.Select(trace => PostAsync(client, trace, quantity: 1, Cancel, $"00-{trace}-00f067aa0ba902b7-01")));

        Assert.Equal(4L, await host.QueryAsync<long>(
            "SELECT count(*) FROM outbox JOIN orders USING (id) WHERE outbox.trace_parent LIKE '00-' || idempotency_key || '-%-01'"));
    }

    [Fact]
    public async Task Two_instances_with_the_same_keys_in_opposite_order_place_one_order_per_key()
    {
        const int Keys = 100;
        await using var one = await fixture.StartAsync();
        await using var two = new ServiceHost<Program>("order", one.ConnectionString, new SidecarStub());
        using var clientOne = one.CreateClient();
        using var clientTwo = two.CreateClient();

        var responses = await Task.WhenAll(
            Enumerable.Range(0, Keys).Select(i => PostAsync(clientOne, $"{i}", quantity: 1))
                .Concat(Enumerable.Range(0, Keys).Reverse().Select(i => PostAsync(clientTwo, $"{i}", quantity: 1))));

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        Assert.Equal(Keys, responses.Select(response => response.Headers.Location).Distinct().Count());
        Assert.Equal(Keys, responses.Count(response => response.Headers.Contains("Idempotency-Replayed")));
        Assert.Equal(Keys, await one.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Database_that_crashes_during_the_commit_is_503_and_a_retry_places_the_order()
    {
        await using var cluster = await PostgresCluster.StartAsync(new PostgresOptions { IsDurable = true });
        await using var host = new ServiceHost<Program>("order", cluster.ConnectionString(await cluster.CreateDatabaseAsync()), new SidecarStub());
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        var requests = Enumerable.Range(0, 5).Select(i => PostAsync(client, $"{i}", quantity: 1)).ToList();
        await commits.UntilHeldAsync(5);

        await cluster.CrashServerAsync(); // a shutdown could first end the session that holds the lock, and the orders would be committed

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode));
        await cluster.StartServerAsync();
        await Wait.UntilAsync("an order that is placed", async () =>
        {
            using var retry = await PostAsync(client, "0", quantity: 1);
            Assert.False(retry.Headers.Contains("Idempotency-Replayed")); // nothing was stored
            return retry.StatusCode is HttpStatusCode.Created;
        });
    }

    /// <summary>Inserts an order as another instance of the service does.</summary>
    internal static async Task<Guid> InsertAsync(NpgsqlConnection connection, string key)
    {
        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO orders (id, item_id, quantity, status, owner, idempotency_key, created_at, next_sweep_at, sweeps)
            VALUES (gen_random_uuid(), 'item-123', 1, 'pending', '', $1, now(), now() + interval '30 s', 0)
            RETURNING id
            """,
            connection)
        {
            Parameters = { new() { Value = key } },
        };
        return (Guid)(await insert.ExecuteScalarAsync(Cancel))!;
    }

    internal static async Task<string> PlaceAsync(HttpClient client, string itemId = "item-123", int quantity = 1)
    {
        using var response = await client.PostAsJsonAsync("/orders", new { item_id = itemId, quantity }, Cancel);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string? key, int quantity) => PostAsync(client, key, quantity, Cancel);

    private static async Task<HttpResponseMessage> PostAsync(
        HttpClient client, string? key, int quantity, CancellationToken cancellationToken, string? traceParent = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders");
        request.Headers.Add("Idempotency-Key", key is null ? [] : [key]);
        request.Headers.Add("traceparent", traceParent is null ? [] : [traceParent]);
        request.Content = JsonContent.Create(new { item_id = "item-123", quantity });
        return await client.SendAsync(request, cancellationToken);
    }
}
