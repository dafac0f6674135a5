using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.OrderService.Orders;
using DaprOrders.Stack;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class PlaceOrderTests(OrderServiceFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_order_is_answered_with_201_its_location_and_its_state()
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

    [Fact]
    public async Task An_order_reads_the_same_as_it_was_answered()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var placed = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

        Assert.Equal(await placed.Content.ReadAsStringAsync(Cancel), await client.GetStringAsync(placed.Headers.Location, Cancel));
    }

    [Fact]
    public async Task An_order_is_published_with_its_id_as_event_id_and_partition_key_and_leaves_the_outbox()
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
    public async Task The_same_key_twice_is_one_order_and_the_second_answer_says_so()
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
    public async Task The_key_of_another_order_is_refused_with_422()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var first = await PostAsync(client, "key-1", quantity: 1);
        using var other = await PostAsync(client, "key-1", quantity: 2);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_hundred_parallel_requests_with_one_key_are_one_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        var responses = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => PostAsync(client, "key-1", quantity: 1)));

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        Assert.Single(responses.Select(response => response.Headers.Location).Distinct());
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        Assert.Single((await host.Sidecar.PublishedAsync("order.created", 1)).Select(entry => entry.GetProperty("entryId").GetString()).Distinct());
    }

    [Fact]
    public async Task A_repeated_request_that_comes_while_the_first_is_still_at_work_gets_the_first_ones_order()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var blocker = await host.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await blocker.BeginTransactionAsync(Cancel);
        await using (var hold = new NpgsqlCommand("LOCK TABLE orders IN SHARE MODE", blocker))
        {
            await hold.ExecuteNonQueryAsync(Cancel); // the orders can be read, and nothing can be written
        }

        using var impatient = new CancellationTokenSource();
        var first = PostUntilAsync(client, "key-1", quantity: 1, impatient.Token);
        await host.UntilBlockedAsync();
        await impatient.CancelAsync();
        var repeats = new[] { PostAsync(client, "key-1", quantity: 1), PostAsync(client, "key-1", quantity: 1) };
        await Wait.UntilAsync("both in the next group", () => host.Services.GetRequiredService<GroupCommit>().Gathered == 2);
        await transaction.CommitAsync(Cancel);

        var answers = await Task.WhenAll(repeats);
        var id = await host.QueryAsync<Guid>("SELECT id FROM orders");
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        Assert.All(answers, answer => Assert.Equal($"/orders/{id}", answer.Headers.Location?.ToString()));
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    internal static async Task<string> PlaceAsync(HttpClient client, string itemId = "item-123", int quantity = 1)
    {
        using var response = await client.PostAsJsonAsync("/orders", new { item_id = itemId, quantity }, Cancel);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string key, int quantity) => PostUntilAsync(client, key, quantity, Cancel);

    private static async Task<HttpResponseMessage> PostUntilAsync(HttpClient client, string key, int quantity, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders");
        request.Headers.Add("Idempotency-Key", key);
        request.Content = JsonContent.Create(new { item_id = "item-123", quantity });
        return await client.SendAsync(request, cancellationToken);
    }
}
