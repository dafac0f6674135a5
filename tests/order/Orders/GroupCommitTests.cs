using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using DaprOrders.OrderService.Orders;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class GroupCommitTests(OrderServiceFixture fixture)
{
    private const string Transactions = "SELECT count(DISTINCT xmin::text) FROM orders WHERE idempotency_key <> 'first'";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_order_is_acknowledged_only_after_its_commit()
    {
        await using var host = await fixture.StartAsync();
        await using var commits = await HeldCommits.HoldAsync(host);
        var first = Place(host, "first");
        await commits.HeldAsync();
        var others = new[] { Place(host, "a"), Place(host, "a"), Place(host, null) };

        Assert.DoesNotContain(others.Append(first), answer => answer.IsCompleted);
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        await commits.ReleaseAsync();

        await Task.WhenAll(others.Append(first));
        Assert.Equal(3L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(128, 1)]
    [InlineData(129, 2)]
    public async Task Orders_that_come_while_a_group_is_committed_are_one_transaction_of_at_most_128(int orders, long transactions)
    {
        await using var host = await fixture.StartAsync();
        await using var commits = await HeldCommits.HoldAsync(host);
        var first = Place(host, "first");
        await commits.HeldAsync();

        var others = Enumerable.Range(0, orders).Select(i => Place(host, $"{i}")).ToList();
        await commits.ReleaseAsync();
        var placed = await Task.WhenAll(others.Append(first));

        Assert.All(placed, answer => Assert.True(answer.IsNew));
        Assert.Equal(transactions, await host.QueryAsync<long>(Transactions));
        var published = await host.Sidecar.PublishedAsync("order.created", orders + 1);
        Assert.Equal(placed.Select(answer => answer.Order.Id).Order(), published.Select(entry => entry.GetProperty("entryId").GetGuid()).Order());
    }

    [Fact]
    public async Task The_orders_of_a_group_are_inserted_in_the_order_of_their_keys()
    {
        await using var host = await fixture.StartAsync();

        await PlaceGroupAsync(host, [.. Enumerable.Range(0, 50).Select(i => Order($"{i * 37 % 50:00}"))]);

        Assert.Equal(
            string.Join(',', Enumerable.Range(0, 50).Select(i => $"{i:00}")),
            await host.QueryAsync<string>("SELECT string_agg(idempotency_key, ',' ORDER BY ctid) FROM orders"));
    }

    [Fact]
    public async Task The_same_key_twice_in_a_group_is_one_order_and_for_another_quantity_422()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        var first = Place(host, "first");
        await commits.HeldAsync();
        var answers = new List<Task<HttpResponseMessage>>();
        foreach (var quantity in (int[])[1, 1, 2])
        {
            answers.Add(PostAsync(client, "a", quantity));
            await GatheredAsync(host, answers.Count);
        }

        await commits.ReleaseAsync();
        await first;
        using var placed = await answers[0];
        using var replayed = await answers[1];
        using var refused = await answers[2];

        Assert.Equal((HttpStatusCode.Created, false), (placed.StatusCode, placed.Headers.Contains("Idempotency-Replayed")));
        Assert.Equal((HttpStatusCode.Created, true), (replayed.StatusCode, replayed.Headers.Contains("Idempotency-Replayed")));
        Assert.Equal(placed.Headers.Location, replayed.Headers.Location);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("It was used for 1 of item-123.", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task One_bad_order_fails_alone_and_harms_no_other_of_its_group()
    {
        await using var host = await fixture.StartAsync();
        await host.ExecuteAsync("ALTER TABLE orders ADD CHECK (quantity <> 7)");
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        var first = Place(host, "first");
        await commits.HeldAsync();
        var answers = new[] { PostAsync(client, "a", 1), PostAsync(client, "b", 7), PostAsync(client, "c", 2) };
        await GatheredAsync(host, 3);

        await commits.ReleaseAsync();
        await first;
        var statuses = (await Task.WhenAll(answers)).Select(answer => (int)answer.StatusCode);

        Assert.Equal([201, 500, 201], statuses);
        Assert.Equal("a,c,first", await host.QueryAsync<string>("SELECT string_agg(idempotency_key, ',' ORDER BY idempotency_key) FROM orders"));
    }

    [Fact]
    public async Task A_bad_order_that_comes_alone_is_tried_once()
    {
        await using var host = await fixture.StartAsync();
        await host.ExecuteAsync("CREATE SEQUENCE tries; ALTER TABLE orders ADD CHECK (nextval('tries') < 0)");

        await Assert.ThrowsAsync<PostgresException>(() => Place(host, "a"));

        Assert.Equal(1L, await host.QueryAsync<long>("SELECT last_value FROM tries"));
    }

    [Fact]
    public async Task A_key_that_another_instance_uses_at_the_same_moment_is_its_order_and_the_rest_of_the_group_is_placed_together()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var other = await host.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await other.BeginTransactionAsync(Cancel);
        await using (var insert = new NpgsqlCommand(
            """
            INSERT INTO orders (id, item_id, quantity, status, idempotency_key, created_at, next_sweep_at, sweeps)
            VALUES (gen_random_uuid(), 'item-123', 1, 'pending', 'b', now(), now(), 0)
            """,
            other))
        {
            await insert.ExecuteNonQueryAsync(Cancel);
        }

        var group = PlaceGroupAsync(host, [Order("a"), Order("b"), Order("c")]);
        await host.UntilBlockedAsync();
        await transaction.CommitAsync(Cancel);
        var placed = await group;

        Assert.Equal([true, false, true], placed.Select(answer => answer.IsNew));
        Assert.Equal(await host.QueryAsync<Guid>("SELECT id FROM orders WHERE idempotency_key = 'b'"), placed[1].Order!.Id);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(DISTINCT xmin::text) FROM orders WHERE idempotency_key <> 'b'"));
    }

    [Fact]
    public async Task While_4096_orders_wait_the_next_one_is_503_at_once_and_they_are_all_placed()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        var first = Place(host, "first");
        await commits.HeldAsync();
        var others = Enumerable.Range(0, GroupCommit.LargestQueue).Select(i => Place(host, $"{i}")).ToList();

        using var refused = await PostAsync(client, "late", 1);
        await commits.ReleaseAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
        Assert.All(await Task.WhenAll(others.Append(first)), answer => Assert.True(answer.IsNew));
        Assert.Equal(4097L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData(1, 1)] // the group is repeated
    [InlineData(2, 1)]
    [InlineData(3, 3)] // it has had its attempts: each alone
    public async Task A_deadlock_repeats_the_group_and_at_last_each_order_alone(int deadlocks, long transactions)
    {
        await using var host = await fixture.StartAsync();
        await host.ExecuteAsync(
            $"""
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF nextval('tries') <= {deadlocks} THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER fail BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()
            """);

        var placed = await PlaceGroupAsync(host, [Order("a"), Order("b"), Order("c")]);

        Assert.All(placed, answer => Assert.True(answer.IsNew));
        Assert.Equal(transactions, await host.QueryAsync<long>(Transactions));
        Assert.Equal(3L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Equal(3, (await host.Sidecar.PublishedAsync("order.created", 3)).Count);
    }

    [Fact]
    public async Task A_request_that_is_cancelled_is_placed_all_the_same_and_cancels_no_other()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        using var impatient = new CancellationTokenSource();
        var first = PostAsync(client, "first", 1, impatient.Token);
        await commits.HeldAsync();
        var cancelled = PostAsync(client, "a", 1, impatient.Token);
        await GatheredAsync(host, 1);
        var other = Place(host, "b");

        await impatient.CancelAsync();
        await commits.ReleaseAsync();

        Assert.True((await other).IsNew);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal("a,b,first", await host.QueryAsync<string>("SELECT string_agg(idempotency_key, ',' ORDER BY idempotency_key) FROM orders"));
    }

    [Fact]
    public async Task Two_instances_at_the_same_keys_in_opposite_orders_answer_every_request_with_one_order_per_key()
    {
        const int Keys = 300;
        await using var one = await fixture.StartAsync();
        await using var two = new ServiceHost<Program>("order", one.ConnectionString, new SidecarStub());
        using var clientOne = one.CreateClient();
        using var clientTwo = two.CreateClient();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, Keys).Select(i => PostAsync(clientOne, $"{i}", 1))
                .Concat(Enumerable.Range(0, Keys).Reverse().Select(i => PostAsync(clientTwo, $"{i}", 1))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        Assert.Equal(Keys, answers.Select(answer => answer.Headers.Location).Distinct().Count());
        Assert.Equal(Keys, answers.Count(answer => answer.Headers.Contains("Idempotency-Replayed")));
        Assert.Equal(Keys, await one.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task When_the_database_goes_away_each_request_of_the_group_is_503_and_the_next_one_passes_when_it_is_back()
    {
        await using var cluster = await PostgresCluster.StartAsync(new PostgresOptions { IsDurable = true });
        await using var host = new ServiceHost<Program>("order", cluster.ConnectionString(await cluster.CreateDatabaseAsync()), new SidecarStub());
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        var answers = new List<Task<HttpResponseMessage>> { PostAsync(client, "first", 1) };
        await commits.HeldAsync();
        answers.AddRange(Enumerable.Range(0, 5).Select(i => PostAsync(client, $"{i}", 1)));
        await GatheredAsync(host, 5);

        await cluster.CrashServerAsync(); // an orderly stop could end the holder of the lock first, and the group would be committed

        Assert.All(await Task.WhenAll(answers), answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));
        await cluster.StartServerAsync();
        Assert.True((await Place(host, "first")).IsNew);
    }

    [Fact]
    public async Task Each_event_carries_the_trace_of_its_own_request()
    {
        await using var host = await fixture.StartAsync(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}")); // the outbox stays as it is
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        var traces = Enumerable.Range(0, 4).Select(_ => ActivityTraceId.CreateRandom().ToString()).ToList();
        var answers = new List<Task<HttpResponseMessage>>();
        foreach (var trace in traces)
        {
            answers.Add(PostAsync(client, trace, 1, Cancel, $"00-{trace}-00f067aa0ba902b7-01"));
            await (answers.Count == 1 ? commits.HeldAsync() : GatheredAsync(host, answers.Count - 1));
        }

        await commits.ReleaseAsync();
        await Task.WhenAll(answers);

        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(DISTINCT xmin::text) FROM orders"));
        Assert.Equal(4L, await host.QueryAsync<long>(
            "SELECT count(*) FROM outbox JOIN orders USING (id) WHERE trace_parent LIKE '00-' || idempotency_key || '-%-01'"));
    }

    private static NewOrder Order(string? key, int quantity = 1) => new("item-123", quantity, key, TraceParent: null);

    /// <summary>Places an order as a request does. When this returns, it has gathered for a group, or is a group of its own.</summary>
    private static Task<(Order Order, bool IsNew)> Place(ServiceHost<Program> host, string? key) =>
        host.Services.GetRequiredService<GroupCommit>().PlaceAsync(Order(key));

    private static Task<Placement[]> PlaceGroupAsync(ServiceHost<Program> host, IReadOnlyList<NewOrder> orders) =>
        host.Services.GetRequiredService<OrderPlacement>().PlaceAsync(orders);

    private static Task GatheredAsync(ServiceHost<Program> host, int count) =>
        Wait.UntilAsync($"{count} waiting orders", () => host.Services.GetRequiredService<GroupCommit>().Gathered >= count);

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string key, int quantity) => PostAsync(client, key, quantity, Cancel);

    private static async Task<HttpResponseMessage> PostAsync(
        HttpClient client, string key, int quantity, CancellationToken cancellationToken, string? traceParent = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders");
        request.Headers.Add("Idempotency-Key", key);
        if (traceParent is not null)
        {
            request.Headers.Add("traceparent", traceParent);
        }

        request.Content = JsonContent.Create(new { item_id = "item-123", quantity });
        return await client.SendAsync(request, cancellationToken);
    }
}
